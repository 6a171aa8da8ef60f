import { readFileSync } from 'node:fs';
import { checkServerIdentity } from 'node:tls';
import type { ConnectionOptions } from 'node:tls';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl } from '@tsmolt/core';

/** libpq's `sslmode` values. Source: PostgreSQL manual, "SSL Support", table of modes. */
export const sslModes = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof sslModes)[number];

/** One way to try a connection: with TLS and these options, or without. */
export type TlsAttempt =
  { readonly tls: false } | { readonly tls: true; readonly options: ConnectionOptions };

/**
 * The ways to try, in order, that a connection string's sslmode asks for. The mode defaults to `prefer`, as in libpq.
 *
 * A way without TLS is left out unless `allowUnencrypted`, so that `prefer` cannot fall back to it unnoticed.
 * A Unix socket never leaves the machine and needs no TLS.
 * @throws TsmoltError `TSM2004` for `sslmode=disable` without `allowUnencrypted`, `TSM1002` for an unknown mode
 */
export function tlsAttempts(url: ConnectionUrl, allowUnencrypted: boolean): readonly TlsAttempt[] {
  if (url.host.startsWith('/')) return [{ tls: false }];
  const mode = sslMode(url);
  const plain: TlsAttempt = { tls: false };
  if (mode === 'disable') {
    if (!allowUnencrypted) throw unencryptedRefused(url);
    return [plain];
  }
  const encrypted: TlsAttempt = { tls: true, options: tlsOptions(url, mode) };
  if (!allowUnencrypted) return [encrypted];
  if (mode === 'prefer') return [encrypted, plain];
  if (mode === 'allow') return [plain, encrypted];
  return [encrypted];
}

/** The error for a connection that would not be encrypted. */
export function unencryptedRefused(url: ConnectionUrl, cause?: unknown): TsmoltError {
  const reason =
    cause === undefined ? 'its connection string says sslmode=disable' : 'the server does not offer TLS';
  return new TsmoltError('TSM2004', {
    message: `the connection to ${url.host} would not be encrypted: ${reason}`,
    advice:
      'Turn TLS on at the server and use sslmode=verify-full; only where that cannot be, ' +
      'use sslmode=disable together with --allow-tls-mode-disable.',
    cause,
  });
}

function sslMode(url: ConnectionUrl): SslMode {
  const text = url.parameters.get('sslmode') ?? 'prefer';
  const mode = sslModes.find((candidate) => candidate === text);
  if (mode !== undefined) return mode;
  throw new TsmoltError('TSM1002', {
    message: `sslmode=${text} in the connection string for ${url.host} is not known`,
    advice: `Use one of ${sslModes.join(', ')}.`,
  });
}

function tlsOptions(url: ConnectionUrl, mode: SslMode): ConnectionOptions {
  const rootCertificate = url.parameters.get('sslrootcert');
  // libpq: `require` checks the chain as soon as a root certificate is given; `system` demands verify-full.
  const verified = mode === 'verify-ca' || mode === 'verify-full' || rootCertificate !== undefined;
  const checkName = mode === 'verify-full' || rootCertificate === 'system';
  return {
    rejectUnauthorized: verified,
    checkServerIdentity: checkName ? checkServerIdentity : () => undefined,
    ...(rootCertificate === undefined || rootCertificate === 'system'
      ? {}
      : { ca: readPem(url, 'sslrootcert', rootCertificate) }),
    ...clientCertificate(url),
  };
}

function clientCertificate(url: ConnectionUrl): ConnectionOptions {
  const certificate = url.parameters.get('sslcert');
  const key = url.parameters.get('sslkey');
  const passphrase = url.parameters.get('sslpassword');
  return {
    ...(certificate === undefined ? {} : { cert: readPem(url, 'sslcert', certificate) }),
    ...(key === undefined ? {} : { key: readPem(url, 'sslkey', key) }),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
}

function readPem(url: ConnectionUrl, parameter: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new TsmoltError('TSM1002', {
      message: `cannot read the file ${path} that ${parameter} names in the connection string for ${url.host}`,
      advice: 'Check the path and its permissions.',
      cause,
    });
  }
}
