import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openMysql } from '@tsmolt/mysql';
import { createTlsFiles, startMariadb, startMysql } from '@tsmolt/testkit';
import type { RunningServer, ServerOptions, TlsFiles } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identify } from '../src/connect/identify.js';
import type { MysqlSession } from '../src/connect/session.js';
import { MysqlSessionPool } from '../src/connect/session-pool.js';
import { openOptions, parsed, runStatements } from './databases.js';

/** What a DBA may have set, and no session of ours may notice. */
const oddSettings = {
  'sql-mode': 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT,NO_ZERO_DATE',
  autocommit: 'OFF',
  'transaction-isolation': 'READ-UNCOMMITTED',
  'group-concat-max-len': 8,
  'net-write-timeout': 1,
  'character-set-server': 'latin1',
} as const;

let servers: Record<'mysql' | 'mariadb' | 'plain', RunningServer>;
const started: RunningServer[] = [];
let folder = '';
/** Of an authority that none of the servers knows. */
let strangers: TlsFiles;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-tls-'));
  strangers = await createTlsFiles(folder, 'root');
  // One after the other, each with temporary files of its own: MariaDB removes those of others when it starts.
  const start = async (
    starter: typeof startMysql,
    { settings, ...options }: ServerOptions,
  ): Promise<RunningServer> => {
    const temporary = await mkdtemp(join(folder, 'tmp-'));
    const server = await starter({ ...options, settings: { ...settings, tmpdir: temporary } });
    started.push(server);
    return server;
  };
  const mysql = await start(startMysql, { tls: true, settings: oddSettings });
  const mariadb = await start(startMariadb, { tls: true, settings: oddSettings });
  const plain = await start(startMariadb, { own: true, settings: { 'skip-ssl': 'ON' } });
  servers = { mysql, mariadb, plain };
  for (const server of [mysql, mariadb]) {
    await runStatements(server.url, [
      `CREATE USER over_tls IDENTIFIED BY 'Secret!42' REQUIRE SSL`,
      `CREATE USER granted_nothing IDENTIFIED BY 'Secret!42'`,
    ]);
  }
  await runStatements(mysql.url, [`CREATE USER sha2 IDENTIFIED WITH caching_sha2_password BY 'Secret!42'`]);
  await runStatements(mysql.url, ['GRANT SELECT ON test.* TO sha2']);
});
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

interface Attempt {
  readonly host?: string;
  readonly port?: string;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly allowUnencrypted?: boolean;
  readonly parameters?: Record<string, string>;
}

function urlOf(kind: keyof typeof servers, attempt: Attempt): string {
  const url = new URL(servers[kind].url);
  url.search = new URLSearchParams(attempt.parameters ?? {}).toString();
  url.hostname = attempt.host ?? url.hostname;
  url.port = attempt.port ?? url.port;
  url.pathname = attempt.database ?? url.pathname;
  url.username = attempt.user ?? url.username;
  if (attempt.user !== undefined) url.password = 'Secret!42';
  url.password = attempt.password ?? url.password;
  return url.href;
}

/** `encrypted`, `plain`, or the code of the error. */
async function outcome(kind: keyof typeof servers, attempt: Attempt): Promise<string> {
  const options = { ...openOptions, allowUnencrypted: attempt.allowUnencrypted ?? false };
  try {
    const server = await identify(parsed(urlOf(kind, attempt)), options);
    const pool = new MysqlSessionPool({ server, maxConnections: 1 });
    const [row] = await pool.use('asking', (session) =>
      session.query<{ Value: string }>(`SHOW SESSION STATUS LIKE 'Ssl_cipher'`),
    );
    await pool.close();
    const encrypted = row?.Value !== '';
    expect(server.encrypted, 'what identify says and what the server says').toBe(encrypted);
    return encrypted ? 'encrypted' : 'plain';
  } catch (thrown) {
    return (thrown as { code?: string }).code ?? String(thrown);
  }
}

describe.each(['mysql', 'mariadb'] as const)('TLS with %s', (kind) => {
  test.each<[string, Attempt, string]>([
    ['encrypts without being told', {}, 'encrypted'],
    ['encrypts where it need not', { allowUnencrypted: true }, 'encrypted'],
    ['sslmode=require', { parameters: { sslmode: 'require' } }, 'encrypted'],
    ['tls=skip-verify', { parameters: { tls: 'skip-verify' } }, 'encrypted'],
    ['tls=true verifies', { parameters: { tls: 'true' } }, 'TSM2005'],
    ['ssl-mode=VERIFY_CA', { parameters: { 'ssl-mode': 'VERIFY_CA' } }, 'TSM2005'],
    ['sslmode=verify-full without an authority', { parameters: { sslmode: 'verify-full' } }, 'TSM2005'],
    ['sslmode=disable is refused', { parameters: { sslmode: 'disable' } }, 'TSM2004'],
    ['sslmode=disable', { parameters: { sslmode: 'disable' }, allowUnencrypted: true }, 'plain'],
    ['tls=false', { parameters: { tls: 'false' }, allowUnencrypted: true }, 'plain'],
    ['sslmode=sometimes', { parameters: { sslmode: 'sometimes' } }, 'TSM1002'],
    ['two opinions', { parameters: { sslmode: 'require', tls: 'false' } }, 'TSM1002'],
    ['a mistyped parameter', { parameters: { ssl_mode: 'require' } }, 'TSM1002'],
    ['an unreadable certificate', { parameters: { sslrootcert: '/nowhere.pem' } }, 'TSM1002'],
    ['an account that demands it', { user: 'over_tls', database: '/' }, 'encrypted'],
  ])('%s', async (_sentence, attempt, expected) => {
    expect(await outcome(kind, attempt)).toBe(expected);
  });

  test.each(['127.0.0.1', 'localhost'])('verifies %s with the right authority only', async (host) => {
    const { caFile } = servers[kind].tls ?? strangers;
    const verified = { sslmode: 'verify-full', sslrootcert: caFile };
    expect(await outcome(kind, { host, parameters: verified })).toBe('encrypted');
    expect(await outcome(kind, { host, parameters: { ...verified, sslrootcert: strangers.caFile } })).toBe(
      'TSM2005',
    );
    expect(await outcome(kind, { host, parameters: { sslrootcert: strangers.caFile } })).toBe('TSM2005');
  });

  test('takes a client certificate, and says when it is of no use', async () => {
    const files = servers[kind].tls ?? strangers;
    const own = { sslcert: files.clientCertificateFile, sslkey: files.clientKeyFile };
    expect(await outcome(kind, { parameters: own })).toBe('encrypted');
    expect(await outcome(kind, { parameters: { ...own, sslkey: strangers.clientKeyFile } })).toBe('TSM2005');
  });
});

describe('a server without TLS', () => {
  test.each<[Attempt, string]>([
    [{}, 'TSM2004'],
    [{ parameters: { sslmode: 'require' }, allowUnencrypted: true }, 'TSM2004'],
    [{ allowUnencrypted: true }, 'plain'],
  ])('%j', async (attempt, expected) => {
    expect(await outcome('plain', attempt)).toBe(expected);
  });
});

describe.each(['mysql', 'mariadb'] as const)('reaching %s', (kind) => {
  test.each<[string, Attempt, string]>([
    ['a wrong password', { password: 'wrong' }, 'TSM2003'],
    ['an unknown user', { user: 'nobody_here' }, 'TSM2003'],
    ['an unknown database', { database: '/nowhere' }, 'TSM2006'],
    ['a database without a privilege on it', { user: 'granted_nothing', database: '/mysql' }, 'TSM3001'],
    ['a port where nobody listens', { port: '1' }, 'TSM2001'],
    ['a host that does not exist', { host: 'no.such.host.invalid' }, 'TSM2002'],
  ])('%s', async (_sentence, attempt, expected) => {
    expect(await outcome(kind, attempt)).toBe(expected);
  });

  test('a password is in no message', async () => {
    const opened = openMysql(parsed(urlOf(kind, { password: 'hunter2' })), openOptions);
    const thrown: unknown = await opened.catch((error: unknown) => error);
    expect((thrown as Error).message).toContain('"root"');
    expect(JSON.stringify([String(thrown), thrown])).not.toContain('hunter2');
  });

  test("Go's way to write an address, and a socket", async () => {
    const { port, dataDirectory } = servers[kind];
    const socket = join(dataDirectory ?? '', '..', 'server.sock');
    for (const address of [`tcp(127.0.0.1:${port})`, `unix(${socket})`]) {
      const opened = await openMysql(
        parsed(`mysql://root:password@${address}/test?parseTime=true`),
        openOptions,
      );
      await opened.close();
      await opened.close();
      expect(opened.product).toMatch(/^(MySQL|MariaDB) \d+\.\d+\.\d+$/);
    }
  });

  test('a connection string without a database is refused', async () => {
    const opened = openMysql(parsed(urlOf(kind, { database: '/' })), openOptions);
    await expect(opened).rejects.toMatchObject({ code: 'TSM1002' });
  });
});

test('a password for caching_sha2_password travels encrypted where the connection is not', async () => {
  const attempt = { user: 'sha2', parameters: { sslmode: 'disable' }, allowUnencrypted: true };
  // The second login finds the password in the server's cache, the first does not.
  expect([await outcome('mysql', attempt), await outcome('mysql', attempt)]).toEqual(['plain', 'plain']);
});

describe.each(['mysql', 'mariadb'] as const)('sessions of %s', (kind) => {
  async function pool(maxConnections: number): Promise<MysqlSessionPool> {
    return new MysqlSessionPool({
      server: await identify(parsed(servers[kind].url), openOptions),
      maxConnections,
    });
  }

  test('are the same whatever the server is set to', async () => {
    const sessions = await pool(1);
    const [row, sizes] = await sessions.use('asking', async (session) => [
      (
        await session.query(
          `SELECT 'back\\\\slash' AS backslash, "quoted" AS quoted, CAST(0 || 0 AS CHAR) AS alternative,
            @@time_zone AS zone, @@sql_mode AS mode, CAST(@@autocommit + 0 AS CHAR) AS autocommit, 'ü' AS letter,
            9007199254740993 AS big, CAST('2024-02-30' AS DATETIME) AS no_day, 1.50 AS exact,
            CAST('0000-00-00' AS DATE) AS zero, JSON_EXTRACT('{"a": [1]}', '$') AS document, NULL AS nothing`,
        )
      )[0],
      // By itself: MariaDB says that autocommit is off where it aggregates.
      (
        await session.query(
          `SELECT CAST(length(group_concat(repeat('x', 100))) AS CHAR) AS longest,
            CAST(@@net_write_timeout > 3600 AS CHAR) AS patient`,
        )
      )[0],
    ]);
    await sessions.close();
    expect(row).toEqual({
      backslash: 'back\\slash', quoted: 'quoted', alternative: '0', zone: '+00:00', mode: '', autocommit: '1',
      letter: 'ü', big: '9007199254740993', no_day: null, exact: '1.50', zero: '0000-00-00', document: '{"a": [1]}',
      nothing: null,
    }); // prettier-ignore
    expect(sizes).toEqual({ longest: '100', patient: '1' });
  });

  test('read what was committed before their transaction began', async () => {
    const sessions = await pool(1);
    const rows = await sessions.use('asking', (session) =>
      session.query<{ Value: string }>(
        `SHOW VARIABLES WHERE variable_name IN ('tx_isolation', 'transaction_isolation')`,
      ),
    );
    await sessions.close();
    expect(new Set(rows.map(({ Value }) => Value))).toEqual(new Set(['REPEATABLE-READ']));
  });

  test('are no more than were asked for, and are used again unless their work failed', async () => {
    const sessions = await pool(2);
    const id = (): Promise<string> =>
      sessions.use('asking', async (session) => {
        const [row] = await session.query<{ id: string }>('SELECT connection_id() AS id');
        return String(row?.id);
      });
    const ids = await Promise.all(Array.from({ length: 8 }, id));
    expect(new Set(ids).size).toBeLessThanOrEqual(2);
    const failing = sessions.use('reading public.t', (session) =>
      session.query('SELECT * FROM test.nowhere'),
    );
    await expect(failing).rejects.toMatchObject({ code: 'TSM3002', serverCode: '1146' });
    await expect(failing).rejects.toThrow(
      /^reading public\.t: 127\.0\.0\.1:\d+: .*doesn't exist \(error 1146\)$/,
    );
    const later = await Promise.all(Array.from({ length: 8 }, id));
    expect(new Set([...ids, ...later]).size).toBe(3);
    await sessions.close();
  });

  test('are prepared before anybody has them, and not used when that fails', async () => {
    const server = await identify(parsed(servers[kind].url), openOptions);
    let failures = 1;
    const sessions = new MysqlSessionPool({
      server,
      maxConnections: 1,
      prepare: async (session) => {
        await session.query(failures-- > 0 ? 'SELECT * FROM test.nowhere' : 'SET @prepared = 42');
      },
    });
    await expect(sessions.use('asking', () => Promise.resolve())).rejects.toMatchObject({ code: 'TSM3002' });
    const ask = (): Promise<unknown[]> =>
      sessions.use('asking', (session) => session.query('SELECT CAST(@prepared AS CHAR) AS prepared'));
    expect([await ask(), await ask(), failures]).toEqual([[{ prepared: '42' }], [{ prepared: '42' }], -1]);
    await sessions.close();
  });

  test('end what waits for them when they are closed', async () => {
    const sessions = await pool(2);
    const leases = await Promise.all([sessions.lease('waiting'), sessions.lease('waiting')]);
    const all = Promise.allSettled([
      ...leases.map(({ session }) => session.query('SELECT sleep(600)')),
      sessions.use('never', (session) => session.query('SELECT 1')),
    ]);
    await sessions.close();
    expect((await all).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    await expect(sessions.use('late', () => Promise.resolve())).rejects.toMatchObject({ code: 'TSM2007' });
  });

  test('are replaced when somebody ends them, before a statement or during one', async () => {
    const sessions = await pool(1);
    const idOf = async (session: MysqlSession): Promise<string> =>
      String((await session.query<{ id: string }>('SELECT connection_id() AS id'))[0]?.id);
    const between = sessions.use('working', async (session) => {
      await runStatements(servers[kind].url, [`KILL ${await idOf(session)}`]);
      return session.query('SELECT 1');
    });
    await expect(between).rejects.toMatchObject({ code: 'TSM2007' });
    const during = sessions.use('working', async (session) => {
      const id = await idOf(session);
      await Promise.all([
        session.query('SELECT sleep(600)'),
        runStatements(servers[kind].url, [`KILL ${id}`]),
      ]);
    });
    await expect(during).rejects.toMatchObject({ code: 'TSM2007' });
    expect(await sessions.use('asking', (session) => session.query('SELECT 1 AS one'))).toHaveLength(1);
    await sessions.close();
  });
});

test('a session says whose it is', async () => {
  const server = await identify(parsed(servers.mysql.url), {
    ...openOptions,
    applicationName: 'tsmolt fetch',
  });
  const sessions = new MysqlSessionPool({ server, maxConnections: 1 });
  const rows = await sessions.use('asking', (session) =>
    session.query(
      `SELECT attr_value AS program FROM performance_schema.session_connect_attrs
        WHERE processlist_id = connection_id() AND attr_name = 'program_name'`,
    ),
  );
  await sessions.close();
  expect(rows).toEqual([{ program: 'tsmolt fetch' }]);
});
