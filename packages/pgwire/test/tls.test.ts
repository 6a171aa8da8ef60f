import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import type { Server } from '@tsmolt/pgwire';
import { createTlsFiles, startPostgres18 } from '@tsmolt/testkit';
import type { RunningServer, TlsFiles } from '@tsmolt/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

type ServerKind = 'offers TLS' | 'has no TLS' | 'demands TLS';

let servers: Record<ServerKind, RunningServer>;
let folder = '';
/** Of an authority that none of the servers knows. */
let strangers: TlsFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-tls-'));
  strangers = await createTlsFiles(folder, 'postgres');
  servers = {
    'offers TLS': await startPostgres18({
      tls: true,
      hba: ['hostssl template1 postgres 127.0.0.1/32 cert', 'host all unknown_here 127.0.0.1/32 reject'],
    }),
    'has no TLS': await startPostgres18({ own: true }),
    'demands TLS': await startPostgres18({ tls: 'required' }),
  };
});
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

interface Attempt {
  readonly host?: string;
  readonly database?: string;
  readonly allowUnencrypted?: boolean;
  readonly parameters?: Record<string, string>;
}

function connect(kind: ServerKind, attempt: Attempt = {}): Promise<Server> {
  const url = new URL(servers[kind].url);
  url.search = new URLSearchParams(attempt.parameters ?? {}).toString();
  if (attempt.host !== undefined) url.hostname = attempt.host;
  if (attempt.database !== undefined) url.pathname = attempt.database;
  return identify(ConnectionUrl.parse(url.href, '--source'), {
    allowUnencrypted: attempt.allowUnencrypted ?? false,
    applicationName: 'tls test',
    maxConnections: 1,
    logger: silentLogger(),
  });
}

/** What the server itself says about a connection with the driver's options that reached it. */
async function encryptedInPgStat(server: Server): Promise<boolean | undefined> {
  const client = new pg.Client(server.config);
  await client.connect();
  try {
    const sql = 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()';
    return (await client.query<{ ssl: boolean }>(sql)).rows[0]?.ssl;
  } finally {
    await client.end();
  }
}

/** `encrypted`, `plain`, or the code of the error. */
async function outcome(kind: ServerKind, attempt: Attempt): Promise<string> {
  try {
    const server = await connect(kind, attempt);
    const encrypted = await encryptedInPgStat(server);
    expect(server.encrypted, 'what identify says and what the server says').toBe(encrypted);
    return encrypted ? 'encrypted' : 'plain';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

describe('sslmode', () => {
  // mode, server; then the outcome without and with --allow-tls-mode-disable
  test.each([
    ['disable', 'offers TLS', 'TSM2004', 'plain'],
    ['allow', 'offers TLS', 'encrypted', 'plain'],
    ['prefer', 'offers TLS', 'encrypted', 'encrypted'],
    ['none', 'offers TLS', 'encrypted', 'encrypted'],
    ['require', 'offers TLS', 'encrypted', 'encrypted'],
    ['verify-ca', 'offers TLS', 'encrypted', 'encrypted'],
    ['verify-full', 'offers TLS', 'encrypted', 'encrypted'],
    ['disable', 'has no TLS', 'TSM2004', 'plain'],
    ['allow', 'has no TLS', 'TSM2004', 'plain'],
    ['prefer', 'has no TLS', 'TSM2004', 'plain'],
    ['none', 'has no TLS', 'TSM2004', 'plain'],
    ['require', 'has no TLS', 'TSM2004', 'TSM2004'],
    ['verify-ca', 'has no TLS', 'TSM2004', 'TSM2004'],
    ['verify-full', 'has no TLS', 'TSM2004', 'TSM2004'],
    ['disable', 'demands TLS', 'TSM2004', 'TSM2004'],
    ['allow', 'demands TLS', 'encrypted', 'encrypted'],
    ['prefer', 'demands TLS', 'encrypted', 'encrypted'],
    ['none', 'demands TLS', 'encrypted', 'encrypted'],
    ['require', 'demands TLS', 'encrypted', 'encrypted'],
    ['verify-ca', 'demands TLS', 'encrypted', 'encrypted'],
    ['verify-full', 'demands TLS', 'encrypted', 'encrypted'],
  ] as const)(
    '%s, and the server %s: %s, or %s where unencrypted is allowed',
    async (mode, kind, strict, lenient) => {
      const authority = servers[kind].tls?.caFile ?? strangers.caFile;
      const parameters = {
        ...(mode === 'none' ? {} : { sslmode: mode }),
        ...(mode.startsWith('verify') ? { sslrootcert: authority } : {}),
      };
      expect(await outcome(kind, { parameters })).toBe(strict);
      expect(await outcome(kind, { parameters, allowUnencrypted: true })).toBe(lenient);
    },
  );

  test.each([
    ['disable', 'has no TLS', /sslmode=disable/],
    ['prefer', 'has no TLS', /does not offer TLS/],
    ['require', 'has no TLS', /does not offer TLS/],
  ] as const)(
    '%s, and the server %s: the error names the reason and both ways out',
    async (sslmode, kind, reason) => {
      await expect(connect(kind, { parameters: { sslmode } })).rejects.toMatchObject({
        code: 'TSM2004',
        kind: 'operator',
        message: expect.stringMatching(reason),
        advice: expect.stringMatching(/verify-full.*--allow-tls-mode-disable/),
      });
    },
  );

  test('disable where the server demands TLS: the advice is another sslmode', async () => {
    await expect(
      connect('demands TLS', { parameters: { sslmode: 'disable' }, allowUnencrypted: true }),
    ).rejects.toMatchObject({
      code: 'TSM2004',
      message: expect.stringContaining('only over TLS'),
      advice: expect.stringMatching(/sslmode=require/),
    });
  });

  test('a mode that is not known is refused before anything is sent', async () => {
    await expect(connect('offers TLS', { parameters: { sslmode: 'verify_full' } })).rejects.toMatchObject({
      code: 'TSM1002',
      advice: expect.stringContaining('verify-full'),
    });
  });

  test('a parameter that is mistyped is refused', async () => {
    await expect(connect('offers TLS', { parameters: { ssl_mode: 'verify-full' } })).rejects.toMatchObject({
      code: 'TSM1002',
      message: expect.stringContaining('ssl_mode'),
    });
  });

  test('a wrong password is not a reason to try again without TLS', async () => {
    const url = new URL(servers['offers TLS'].url);
    url.password = 'a-wrong-password';
    const options = {
      allowUnencrypted: true,
      applicationName: 'x',
      maxConnections: 1,
      logger: silentLogger(),
    };
    const refused = identify(ConnectionUrl.parse(url.href, '--source'), options);
    await expect(refused).rejects.toMatchObject({
      code: 'TSM2003',
      message: expect.not.stringContaining('a-wrong-password'),
    });
  });
});

describe('verification', () => {
  const authorityOf = (kind: 'offers TLS' | 'demands TLS'): string => servers[kind].tls?.caFile ?? '';

  test.each(['verify-ca', 'verify-full'])(
    '%s without sslrootcert trusts the system only',
    async (sslmode) => {
      await expect(connect('offers TLS', { parameters: { sslmode } })).rejects.toMatchObject({
        code: 'TSM2005',
        kind: 'operator',
        advice: expect.stringContaining('sslrootcert'),
      });
    },
  );

  test.each(['prefer', 'require', 'verify-ca', 'verify-full'])(
    '%s with the certificate of another authority is refused, for that is what sslrootcert is for',
    async (sslmode) => {
      const parameters = { sslmode, sslrootcert: strangers.caFile };
      for (const allowUnencrypted of [false, true]) {
        await expect(connect('offers TLS', { parameters, allowUnencrypted })).rejects.toMatchObject({
          code: 'TSM2005',
          advice: expect.stringContaining('sslrootcert'),
        });
      }
    },
  );

  test.each(['127.0.0.1', 'localhost'])(
    'verify-full accepts the name %s that the certificate holds',
    async (host) => {
      const parameters = { sslmode: 'verify-full', sslrootcert: authorityOf('offers TLS') };
      expect(await outcome('offers TLS', { host, parameters })).toBe('encrypted');
    },
  );

  // 0.0.0.0 reaches this machine as well, and no certificate is for it.
  test('verify-full refuses a host that the certificate is not for, verify-ca does not ask', async () => {
    const sslrootcert = authorityOf('offers TLS');
    await expect(
      connect('offers TLS', { host: '0.0.0.0', parameters: { sslmode: 'verify-full', sslrootcert } }),
    ).rejects.toMatchObject({
      code: 'TSM2005',
      message: expect.stringContaining('0.0.0.0'),
      advice: expect.stringContaining('host name'),
    });
    for (const sslmode of ['require', 'verify-ca']) {
      expect(await outcome('offers TLS', { host: '0.0.0.0', parameters: { sslmode, sslrootcert } })).toBe(
        'encrypted',
      );
    }
  });

  test('a root certificate that cannot be read is named', async () => {
    const sslrootcert = join(folder, 'missing.crt');
    await expect(
      connect('offers TLS', { parameters: { sslmode: 'verify-full', sslrootcert } }),
    ).rejects.toMatchObject({
      code: 'TSM1002',
      message: expect.stringContaining(sslrootcert),
    });
  });

  test.each(['prefer', 'require', 'verify-full'])(
    'sslrootcert=system with %s verifies by the authorities of the system',
    async (sslmode) => {
      const parameters = { sslmode, sslrootcert: 'system' };
      await expect(connect('offers TLS', { parameters })).rejects.toMatchObject({ code: 'TSM2005' });
    },
  );
});

describe('client certificates', () => {
  const withCertificate = (parameters: Record<string, string>): Attempt => ({
    database: 'template1',
    parameters: {
      sslmode: 'verify-full',
      sslrootcert: servers['offers TLS'].tls?.caFile ?? '',
      ...parameters,
    },
  });
  const own = (): Record<string, string> => ({
    sslcert: servers['offers TLS'].tls?.clientCertificateFile ?? '',
    sslkey: servers['offers TLS'].tls?.clientKeyFile ?? '',
  });

  test('let in whom the server knows', async () => {
    expect(await outcome('offers TLS', withCertificate(own()))).toBe('encrypted');
  });

  test('are missed where the server wants one', async () => {
    await expect(connect('offers TLS', withCertificate({}))).rejects.toMatchObject({
      code: 'TSM2003',
      kind: 'operator',
      message: expect.stringContaining('certificate'),
    });
  });

  test('of another authority are refused', async () => {
    const parameters = { sslcert: strangers.clientCertificateFile, sslkey: strangers.clientKeyFile };
    await expect(connect('offers TLS', withCertificate(parameters))).rejects.toMatchObject({
      code: expect.stringMatching(/^TSM200[35]$/),
      kind: 'operator',
    });
  });

  test('with a key that is not theirs are refused before they are sent', async () => {
    const attempt = withCertificate({ ...own(), sslkey: strangers.clientKeyFile });
    await expect(connect('offers TLS', attempt)).rejects.toMatchObject({
      code: 'TSM2005',
      kind: 'operator',
      advice: expect.stringMatching(/sslcert.*sslkey/),
    });
  });

  test.each(['sslcert', 'sslkey', 'sslrootcert'])(
    'in a file of nonsense for %s are a mistake of the operator',
    async (parameter) => {
      const path = join(folder, 'nonsense.pem');
      await writeFile(path, '-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n');
      await expect(
        connect('offers TLS', withCertificate({ ...own(), [parameter]: path })),
      ).rejects.toMatchObject({
        code: 'TSM2005',
        kind: 'operator',
      });
    },
  );

  test('in a file that does not exist are named', async () => {
    const sslkey = join(folder, 'missing.key');
    await expect(connect('offers TLS', withCertificate({ ...own(), sslkey }))).rejects.toMatchObject({
      code: 'TSM1002',
      message: expect.stringContaining(sslkey),
    });
  });
});
