import { randomBytes } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { ConnectionUrl } from '@tsmolt/core';
import type { ErrorCode, ErrorKind } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import type { Server } from '@tsmolt/pgwire';
import { runSql } from '@tsmolt/testkit';
import { describe, expect, test } from 'vitest';
import { load, options, usePools } from './pools.js';

const fixture = usePools();

interface Expected {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly advice: RegExp;
}

function identifyAt(change: (url: URL) => void): Promise<Server> {
  const url = new URL(fixture.url());
  change(url);
  return identify(ConnectionUrl.parse(url.href, '--source'), options);
}

describe('logging in', () => {
  test.each<[string, (url: URL) => void, Expected]>([
    [
      'a wrong password',
      (url) => void (url.password = 'swordfish'),
      { code: 'TSM2003', kind: 'operator', advice: /password/ },
    ],
    [
      'a user that does not exist',
      (url) => void (url.username = 'nobody_here'),
      { code: 'TSM2003', kind: 'operator', advice: /user/ },
    ],
    [
      'a database that does not exist',
      (url) => void (url.pathname = 'nowhere'),
      { code: 'TSM2006', kind: 'operator', advice: /database name/ },
    ],
    [
      'a port where nobody listens',
      (url) => void (url.port = '1'),
      { code: 'TSM2001', kind: 'retry', advice: /port/ },
    ],
    [
      'a host that does not exist',
      (url) => void (url.hostname = 'nowhere.invalid'),
      { code: 'TSM2002', kind: 'operator', advice: /host name/ },
    ],
  ])('%s', async (_what, change, expected) => {
    await expect(identifyAt(change)).rejects.toMatchObject({
      ...expected,
      advice: expect.stringMatching(expected.advice),
      message: expect.not.stringContaining('swordfish'),
    });
  });

  test('a role that may not log in', async () => {
    const role = `r_${randomBytes(5).toString('hex')}`;
    await runSql(fixture.url(), `CREATE ROLE ${role} NOLOGIN PASSWORD 'x'`);
    await expect(
      identifyAt((url) => {
        url.username = role;
        url.password = 'x';
      }),
    ).rejects.toMatchObject({
      code: 'TSM2003',
      serverCode: '28000',
      advice: expect.stringContaining('pg_hba.conf'),
    });
    await runSql(fixture.url(), `DROP ROLE ${role}`);
  });

  test('a role that has used up its connections', async () => {
    const role = `r_${randomBytes(5).toString('hex')}`;
    await runSql(fixture.url(), `CREATE ROLE ${role} LOGIN CONNECTION LIMIT 0 PASSWORD 'x'`);
    await expect(
      identifyAt((url) => {
        url.username = role;
        url.password = 'x';
      }),
    ).rejects.toMatchObject({
      code: 'TSM4002',
      serverCode: '53300',
      advice: expect.stringContaining('max_connections'),
    });
    await runSql(fixture.url(), `DROP ROLE ${role}`);
  });

  test('a server that accepts and never answers', async () => {
    const silent = createServer((socket) => socket.on('error', () => undefined));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    await expect(
      identifyAt((url) => {
        url.port = String(port);
        url.searchParams.set('connect_timeout', '1');
      }),
    ).rejects.toMatchObject({ code: 'TSM2001', kind: 'retry', advice: expect.stringContaining('firewall') });
    silent.close();
  });
});

describe('SQLSTATE', () => {
  test.each<[string, string, string[], Expected]>([
    [
      '42P01',
      'a table that is missing',
      ['SELECT 1 FROM missing'],
      { code: 'TSM3002', kind: 'operator', advice: /renamed/ },
    ],
    [
      '3F000',
      'a schema that is missing',
      ['CREATE TABLE missing.t ()'],
      { code: 'TSM3002', kind: 'operator', advice: /schema/ },
    ],
    [
      '42704',
      'a type that is missing',
      ['CREATE TABLE t0 (v missing)'],
      { code: 'TSM3004', kind: 'operator', advice: /extension/ },
    ],
    [
      '2BP01',
      'a table that a view needs',
      ['CREATE TABLE t1 ()', 'CREATE VIEW v1 AS SELECT * FROM t1', 'DROP TABLE t1'],
      { code: 'TSM3006', kind: 'operator', advice: /depends on the table/ },
    ],
    [
      '0A000',
      'a table that a foreign key refers to is truncated',
      ['CREATE TABLE t2 (id int PRIMARY KEY)', 'CREATE TABLE t3 (id int REFERENCES t2)', 'TRUNCATE t2'],
      { code: 'TSM3006', kind: 'operator', advice: /foreign keys/ },
    ],
    [
      '22001',
      'a value that is too long',
      [`CREATE TABLE t4 (v varchar(1))`, `INSERT INTO t4 VALUES ('xy')`],
      { code: 'TSM4001', kind: 'operator', advice: /widen/ },
    ],
    [
      '22P02',
      'a value of another type',
      [`SELECT 'x'::int`],
      { code: 'TSM4001', kind: 'operator', advice: /Correct the value/ },
    ],
    [
      '22003',
      'a number that is too large',
      ['SELECT 40000::int2'],
      { code: 'TSM4001', kind: 'operator', advice: /Correct the value/ },
    ],
    [
      '23505',
      'a key that exists',
      ['CREATE TABLE t5 (id int PRIMARY KEY)', 'INSERT INTO t5 VALUES (1), (1)'],
      { code: 'TSM4001', kind: 'operator', advice: /truncate-if-exists/ },
    ],
    [
      '23502',
      'NULL where there may be none',
      ['CREATE TABLE t6 (id int NOT NULL)', 'INSERT INTO t6 VALUES (NULL)'],
      { code: 'TSM4001', kind: 'operator', advice: /constraint/ },
    ],
    [
      '23514',
      'a check',
      ['CREATE TABLE t7 (id int CHECK (id > 0))', 'INSERT INTO t7 VALUES (0)'],
      { code: 'TSM4001', kind: 'operator', advice: /constraint/ },
    ],
    [
      '57014',
      'a statement that took too long',
      [`SET statement_timeout = '50ms'`, 'SELECT pg_sleep(5)'],
      { code: 'TSM4008', kind: 'operator', advice: /statement_timeout/ },
    ],
    [
      '57P01',
      'a session that is terminated',
      ['SELECT pg_terminate_backend(pg_backend_pid())'],
      { code: 'TSM2007', kind: 'retry', advice: /run again/ },
    ],
    [
      '53400',
      'a resource that is used up',
      [
        `SET temp_file_limit = '1kB'`,
        `SET work_mem = '64kB'`,
        'SELECT i FROM generate_series(1, 100000) i ORDER BY -i',
      ],
      { code: 'TSM4002', kind: 'operator', advice: /resource/ },
    ],
    [
      '25006',
      'a server that takes no writes',
      ['SET default_transaction_read_only = on', 'CREATE TABLE none ()'],
      { code: 'TSM2001', kind: 'retry', advice: /primary/ },
    ],
    ['42601', 'a statement of nonsense', ['SELEC 1'], { code: 'TSM9001', kind: 'bug', advice: /report/ }],
  ])('%s: %s', async (serverCode, _what, statements, expected) => {
    await expect(fixture.run(...statements)).rejects.toMatchObject({
      ...expected,
      serverCode,
      message: expect.stringMatching(new RegExp(`^trying: 127\\.0\\.0\\.1:\\d+: .*SQLSTATE ${serverCode}`)),
      advice: expect.stringMatching(expected.advice),
    });
  });

  test('42501: rows that row security keeps from the user', async () => {
    const role = `r_${randomBytes(5).toString('hex')}`;
    await fixture.run(
      'CREATE TABLE kept ()',
      'ALTER TABLE kept ENABLE ROW LEVEL SECURITY',
      `CREATE ROLE ${role}`,
      `GRANT SELECT ON kept TO ${role}`,
    );
    await expect(
      fixture.run(`SET ROLE ${role}`, 'SET row_security = off', 'SELECT FROM kept'),
    ).rejects.toMatchObject({ code: 'TSM3001', advice: expect.stringContaining('BYPASSRLS') });
    await fixture.run(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });

  test('42501: a privilege that is missing', async () => {
    const role = `r_${randomBytes(5).toString('hex')}`;
    await fixture.run('CREATE TABLE secret ()', `CREATE ROLE ${role}`);
    await expect(fixture.run(`SET ROLE ${role}`, 'SELECT FROM secret')).rejects.toMatchObject({
      code: 'TSM3001',
      kind: 'operator',
      serverCode: '42501',
      advice: expect.stringContaining('Grant'),
    });
    await fixture.run(`DROP ROLE ${role}`);
  });

  test('40001: transactions that cannot both have come first', async () => {
    await fixture.run(
      'CREATE TABLE counters (id int PRIMARY KEY, n int)',
      'INSERT INTO counters VALUES (1, 0)',
    );
    const conflict = fixture.pool().use('trying', async (client) => {
      await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await client.query('SELECT * FROM counters');
      await fixture.run('UPDATE counters SET n = 1');
      await client.query('UPDATE counters SET n = 2');
    });
    await expect(conflict).rejects.toMatchObject({ code: 'TSM4003', kind: 'retry', serverCode: '40001' });
  });

  test('40P01: transactions that wait for each other', async () => {
    await fixture.run('CREATE TABLE locks (id int PRIMARY KEY)', 'INSERT INTO locks VALUES (1), (2)');
    const lock = (first: number, second: number): Promise<unknown> =>
      fixture.run(
        'BEGIN',
        `SET LOCAL deadlock_timeout = '50ms'`,
        `SELECT FROM locks WHERE id = ${first} FOR UPDATE`,
        'SELECT pg_sleep(0.3)',
        `SELECT FROM locks WHERE id = ${second} FOR UPDATE`,
        'COMMIT',
      );
    const settled = await Promise.allSettled([lock(1, 2), lock(2, 1)]);
    const failures = settled.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(failures).toEqual([expect.objectContaining({ code: 'TSM4003', serverCode: '40P01' })]);
  });

  test('42710: a replication slot that exists', async () => {
    const slot = `slot_${randomBytes(5).toString('hex')}`;
    const create = `SELECT pg_create_logical_replication_slot('${slot}', 'pgoutput')`;
    await fixture.run(create);
    await expect(fixture.run(create)).rejects.toMatchObject({
      code: 'TSM5001',
      serverCode: '42710',
      advice: expect.stringContaining('--pglogical-publication-and-slot-drop-and-recreate'),
    });
    await fixture.run(`SELECT pg_drop_replication_slot('${slot}')`);
  });

  test("names the row of a COPY that is refused, in the server's words", async () => {
    await fixture.run('CREATE TABLE copied (id int, v varchar(3))');
    await expect(
      load(fixture.pool(), 'COPY copied FROM STDIN (FORMAT csv)', ['1,a\n2,b\n3,long\n']),
    ).rejects.toMatchObject({
      code: 'TSM4001',
      message: expect.stringMatching(/COPY copied, line 3, column v/),
    });
  });
});
