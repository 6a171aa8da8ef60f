import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { generate } from 'selfsigned';

/** Paths of PEM files. */
export interface TlsFiles {
  readonly caFile: string;
  readonly certificateFile: string;
  readonly keyFile: string;
  /** A client certificate whose common name is the superuser's name. */
  readonly clientCertificateFile: string;
  readonly clientKeyFile: string;
}

interface Issuer {
  readonly key: string;
  readonly cert: string;
}

/**
 * Writes a new CA, a server certificate for `localhost`, `127.0.0.1` and `::1`, and a client certificate.
 * @param clientName the client certificate's common name
 */
export async function createTlsFiles(directory: string, clientName: string): Promise<TlsFiles> {
  const authority = await createAuthority();
  const server = await issue('localhost', authority);
  const client = await issue(clientName, authority);
  const files = {
    caFile: join(directory, 'ca.crt'),
    certificateFile: join(directory, 'server.crt'),
    keyFile: join(directory, 'server.key'),
    clientCertificateFile: join(directory, 'client.crt'),
    clientKeyFile: join(directory, 'client.key'),
  };
  await writeFile(files.caFile, authority.cert);
  await writeFile(files.certificateFile, server.cert);
  // PostgreSQL and libpq refuse a key that others may read.
  await writeFile(files.keyFile, server.key, { mode: 0o600 });
  await writeFile(files.clientCertificateFile, client.cert);
  await writeFile(files.clientKeyFile, client.key, { mode: 0o600 });
  return files;
}

async function createAuthority(): Promise<Issuer> {
  const made = await generate([{ name: 'commonName', value: 'tsmolt test CA' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { key: made.private, cert: made.cert };
}

async function issue(commonName: string, authority: Issuer): Promise<Issuer> {
  const made = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: authority,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}
