import { runMysql, startMysql } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { asUser, mysqlPair, positionOf } from '../support/mysql-replication.js';
import { rowsOf } from '../support/replication.js';
import { catchUp } from '../support/replicator.js';

const table = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(20), n int DEFAULT 7, long_text text)';

/** The first of these tests change settings and logs of a server that others read: it is their own. */
let server: RunningServer;
beforeAll(async () => {
  server = await startMysql({ own: true });
});
afterAll(() => server.stop());

test('the position is in the log as the walk-throughs show it, without rows under -vv', async () => {
  await using pair = await mysqlPair(server, table);
  await pair.onSource(`INSERT INTO t VALUES (1, 'a', 1, NULL)`);
  const first = await catchUp(pair);
  expect(first.exitCode, first.failure).toBe(0);
  const position = await pair.position();
  expect(first.stdout).toMatch(/^DEBUG  \[.{15}\] progressed to consistent point: [-0-9a-f]{36}:\d+-\d+$/m);
  expect(first.stdout).toContain(`progressed to consistent point: ${position}\n`);
  await pair.onSource('CREATE VIEW nobody_asks AS SELECT 1 AS one');
  const second = await catchUp(pair, '-vv');
  expect(second.stdout).toContain(`progressed to consistent point: ${await pair.position()}\n`);
});

describe('what a user may not', () => {
  const all = [
    'GRANT SELECT ON DATABASE.* TO USER',
    'GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO USER',
  ];

  test.each([
    ['REPLICATION SLAVE', ['GRANT SELECT ON DATABASE.* TO USER', 'GRANT REPLICATION CLIENT ON *.* TO USER'], /TSM3001.*the privilege REPLICATION SLAVE is missing.*GRANT REPLICATION SLAVE, REPLICATION CLIENT ON/s],
    ['REPLICATION CLIENT', ['GRANT SELECT ON DATABASE.* TO USER', 'GRANT REPLICATION SLAVE ON *.* TO USER'], /TSM3001.*the privilege REPLICATION CLIENT is missing.*GRANT REPLICATION SLAVE, REPLICATION CLIENT ON/s],
    ['SELECT', all.slice(1), /TSM3001.*GRANT SELECT ON/s],
  ] as const)('without %s it is told what to grant', async (_, grants, said) => {
    await using pair = await mysqlPair(server, table);
    await using weak = await asUser(pair, grants);
    const refused = await catchUp(weak);
    expect(refused.exitCode, refused.stdout).toBe(1);
    expect(refused.stderr).toMatch(said);
    expect(refused.stdout + refused.stderr).not.toContain('Secret!42');
  }); // prettier-ignore

  test('with SELECT on some tables, changes of the others are a pause that says so; a filter leaves them out', async () => {
    await using pair = await mysqlPair(server, table, 'CREATE TABLE hidden (id int PRIMARY KEY)');
    await using weak = await asUser(pair, ['GRANT SELECT ON DATABASE.t TO USER', ...all.slice(1)]);
    await pair.onSource('INSERT INTO hidden VALUES (1)', `INSERT INTO t VALUES (1, 'a', 1, NULL)`);
    const paused = await catchUp(weak);
    expect(paused.exitCode, paused.stdout).toBe(3);
    expect(paused.stderr).toMatch(/public\.hidden is not among the tables that .* lacks SELECT on it/);
    expect(paused.stderr).toMatch(/GRANT SELECT ON `.*`\.`hidden` TO .* --table-exclusion-filter/s);
    const done = await catchUp(weak, '--table-exclusion-filter', '^hidden$');
    expect(done.exitCode, done.failure).toBe(0);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a,1,)']);
  });

  test('with all three, and nothing else, rows arrive', async () => {
    await using pair = await mysqlPair(server, table);
    await using migrator = await asUser(pair, all);
    await pair.onSource(`INSERT INTO t VALUES (1, 'a', 1, NULL)`);
    const done = await catchUp(migrator);
    expect(done.exitCode, done.failure).toBe(0);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a,1,)']);
  });
});

describe('what is in the log and cannot be replicated', () => {
  test.each([
    ['binlog_format', [`SET SESSION binlog_format = 'STATEMENT'`, `INSERT INTO t (id) VALUES (2)`]],
    ['binlog_transaction_compression', ['SET SESSION binlog_transaction_compression = ON', 'INSERT INTO t (id) VALUES (2)']],
    ['binlog_row_value_options', [`SET SESSION binlog_row_value_options = 'PARTIAL_JSON'`, `UPDATE j SET v = JSON_SET(v, '$.a', 2)`]],
  ] as const)('%s: what came before it is on the target, nothing of it is, and the setting is named', async (setting, statements) => {
    await using pair = await mysqlPair(server, table, 'CREATE TABLE j (id int PRIMARY KEY, v json)');
    await pair.onSource(
      `INSERT INTO j VALUES (1, JSON_OBJECT('a', 1, 'b', REPEAT('x', 1000)))`,
      `INSERT INTO t (id) VALUES (1)`,
      ...statements,
    );
    const refused = await catchUp(pair);
    expect(refused.exitCode, refused.stdout).toBe(1);
    expect(refused.stderr).toMatch(new RegExp(`TSM5006.*transaction [-0-9a-f]{36}:\\d+.*Set ${setting}=`, 's'));
    expect(await rowsOf(pair.target, '(SELECT id FROM t)')).toEqual(['(1)']);
    expect(await rowsOf(pair.target, `(SELECT v ->> 'a' FROM j)`)).toEqual(['(1)']);
  }); // prettier-ignore

  test('binlog_row_metadata = MINIMAL: refused at the start, and --fetchMetadata does', async () => {
    await using pair = await mysqlPair(server, table);
    await pair.onSource('SET GLOBAL binlog_row_metadata = MINIMAL', `INSERT INTO t VALUES (1, 'a', 1, NULL)`);
    try {
      const refused = await catchUp(pair);
      expect(refused.exitCode, refused.stdout).toBe(1);
      expect(refused.stderr).toMatch(/TSM5006.*binlog_row_metadata = MINIMAL.*--fetchMetadata/s);
      const done = await catchUp(pair, '--fetchMetadata');
      expect(done.exitCode, done.failure).toBe(0);
      expect(await rowsOf(pair.target, 't')).toEqual(['(1,a,1,)']);
    } finally {
      await pair.onSource('SET GLOBAL binlog_row_metadata = FULL');
    }
  });

  test.each([
    ['MINIMAL', `INSERT INTO t (id) VALUES (2)`],
    ['NOBLOB', `INSERT INTO t (id, v) VALUES (2, 'b')`],
  ])('binlog_row_image = %s: updates and deletes go through, inserts that leave out a column are refused', async (image, partial) => {
    await using pair = await mysqlPair(server, table);
    await pair.onSource(
      `INSERT INTO t VALUES (1, 'a', 1, 'kept'), (3, 'c', 3, 'gone')`,
      `SET GLOBAL binlog_row_image = ${image}`,
      `SET SESSION binlog_row_image = ${image}`,
      `UPDATE t SET v = 'changed' WHERE id = 1`,
      `UPDATE t SET id = 5 WHERE id = 1`,
      `DELETE FROM t WHERE id = 3`,
      `INSERT INTO t VALUES (6, 'whole', 6, 'text')`,
    );
    try {
      const done = await catchUp(pair);
      expect(done.exitCode, done.failure).toBe(0);
      expect(done.stdout).toMatch(new RegExp(`^WARN.*binlog_row_image is ${image}`, 'm'));
      expect(await rowsOf(pair.target, 't')).toEqual(['(5,changed,1,kept)', '(6,whole,6,text)']);
      await pair.onSource(`SET SESSION binlog_row_image = ${image}`, partial);
      const refused = await catchUp(pair);
      expect(refused.exitCode, refused.stdout).toBe(1);
      expect(refused.stderr).toMatch(/TSM5006.*an inserted row comes without column.*binlog_row_image=FULL/s);
    } finally {
      await pair.onSource('SET GLOBAL binlog_row_image = FULL');
    }
  }); // prettier-ignore

  test('what was purged: refused, with nothing taken in its place', async () => {
    await using pair = await mysqlPair(server, table);
    await pair.onSource(
      `INSERT INTO t (id) VALUES (1)`,
      'FLUSH BINARY LOGS',
      `INSERT INTO t (id) VALUES (2)`,
    );
    const newest = (await runMysql(server.url, 'SHOW BINARY LOGS')).at(-1)?.['Log_name'] as string;
    // The server keeps a file for a moment that it might need after a crash.
    await expect
      .poll(async () => {
        await pair.onSource(`PURGE BINARY LOGS TO '${newest}'`);
        return (await runMysql(server.url, 'SHOW BINARY LOGS')).length;
      })
      .toBe(1);
    const refused = await catchUp(pair);
    expect(refused.exitCode, refused.stdout).toBe(1);
    expect(refused.stderr).toMatch(/TSM5005.*has purged.*binlog_expire_logs_seconds/s);
    expect(await rowsOf(pair.target, 't')).toEqual([]);
  });
});

test('a failover: the next server of the topology goes on where the first one stood, nothing lost or repeated', async () => {
  await using second = await startMysql({ own: true });
  const numbers = 'CREATE TABLE t (id int PRIMARY KEY, v int)';
  await using pair = await mysqlPair(server, numbers);
  const database = new URL(pair.source).pathname.slice(1);
  const promoted = new URL(second.url);
  promoted.pathname = `/${database}`;
  await pair.onSource('INSERT INTO t VALUES (1, 1)', 'INSERT INTO t VALUES (2, 1)');
  // A row that was written twice is noted twice.
  await pair.onTarget(
    'CREATE TABLE noted (id int, v int)',
    `CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
       'BEGIN INSERT INTO noted VALUES (NEW.id, NEW.v); RETURN NEW; END'`,
    'CREATE TRIGGER note AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()',
  );
  const before = await catchUp(pair);
  expect(before.exitCode, before.failure).toBe(0);
  // The first server goes on while no replicator runs, and is then given up.
  await pair.onSource('INSERT INTO t VALUES (3, 1)', 'UPDATE t SET v = 2 WHERE id = 2');
  const { port, username, password } = new URL(server.url);
  await runMysql(
    second.url,
    'RESET BINARY LOGS AND GTIDS',
    // What the first one has purged has to come by itself, as from a backup.
    `CREATE DATABASE \`${database}\``,
    `USE \`${database}\``,
    numbers,
    'RESET BINARY LOGS AND GTIDS',
    `SET GLOBAL gtid_purged = '${pair.from[1] ?? ''}'`,
    `CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = ${port}, SOURCE_USER = '${username}',
       SOURCE_PASSWORD = '${password}', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1`,
    'START REPLICA',
    `DO WAIT_FOR_EXECUTED_GTID_SET('${await positionOf(server)}', 30)`,
    'STOP REPLICA',
    'RESET REPLICA ALL',
    `INSERT INTO t VALUES (4, 1)`,
    'UPDATE t SET v = 3 WHERE id = 3',
    'DELETE FROM t WHERE id = 1',
  );
  const after = await catchUp({ ...pair, source: promoted.href }, '--collapseMutations=false');
  expect(after.exitCode, after.failure).toBe(0);
  expect(await rowsOf(pair.target, 't')).toEqual(['(2,2)', '(3,3)', '(4,1)']);
  expect(await rowsOf(pair.target, 'noted')).toEqual(
    ['(1,1)', '(2,1)', '(2,2)', '(3,1)', '(3,3)', '(4,1)'],
  );
  // Its set has the GTIDs of both: the second server is one of them.
  const [row] = await runMysql(second.url, 'SELECT @@server_uuid AS id');
  expect(after.stdout).toMatch(new RegExp(`progressed to consistent point: .*${String(row?.['id'])}:1-3`));
}); // prettier-ignore
