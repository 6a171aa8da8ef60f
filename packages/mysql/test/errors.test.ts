import { TsmoltError } from '@tsmolt/core';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identify } from '../src/connect/identify.js';
import { MysqlSessionPool } from '../src/connect/session-pool.js';
import { openOptions, parsed, runStatements } from './databases.js';

/** The error's code, kind and the server's number. */
async function classified(work: Promise<unknown>): Promise<unknown> {
  const thrown: unknown = await work.then(
    () => 'no error',
    (error: unknown) => error,
  );
  return thrown instanceof TsmoltError ? [thrown.code, thrown.kind, thrown.serverCode] : thrown;
}

describe.each(['mysql', 'mariadb'] as const)('errors of %s', (kind) => {
  let created: TestDatabase;
  let sessions: MysqlSessionPool;

  beforeAll(async () => {
    created = await createDatabase(await sharedServer(kind));
    await runStatements(created.url, [
      'CREATE TABLE t (id int PRIMARY KEY, n int)',
      'INSERT INTO t VALUES (1, 1), (2, 2)',
    ]);
    sessions = new MysqlSessionPool({
      server: await identify(parsed(created.url), openOptions),
      maxConnections: 3,
    });
  });
  afterAll(async () => {
    await sessions.close();
    await created.drop();
  });

  const run = (...statements: string[]): Promise<void> =>
    sessions.use('running', async (session) => {
      for (const statement of statements) await session.query(statement);
    });

  test.each<[string, string, unknown]>([
    ['a missing table', 'SELECT * FROM missing', ['TSM3002', 'operator', '1146']],
    ['a repeated key', 'INSERT INTO t VALUES (1, 1)', ['TSM4001', 'operator', '1062']],
    ['what is no SQL', 'SELEKT', ['TSM9001', 'bug', '1064']],
  ])('%s', async (_sentence, statement, expected) => {
    expect(await classified(run(statement))).toEqual(expected);
  });

  test('two transactions that wait for each other', async () => {
    const [one, two] = [await sessions.lease('one'), await sessions.lease('two')];
    for (const [lease, id] of [[one, 1], [two, 2]] as const) {
      await lease.session.query('BEGIN');
      await lease.session.query(`UPDATE t SET n = 0 WHERE id = ${id}`);
    } // prettier-ignore
    const statements = [
      one.session.query('UPDATE t SET n = 0 WHERE id = 2'),
      two.session.query('UPDATE t SET n = 0 WHERE id = 1'),
    ];
    const failed = (await Promise.allSettled(statements)).find(({ status }) => status === 'rejected');
    const reason: unknown = failed?.status === 'rejected' ? failed.reason : undefined;
    one.destroy();
    two.destroy();
    expect(await classified(sessions.use('again', () => Promise.reject(reason as Error)))).toEqual([
      'TSM4003',
      'retry',
      '1213',
    ]);
  });

  test('a lock that another transaction keeps', async () => {
    const keeper = await sessions.lease('keeping');
    await keeper.session.query('BEGIN');
    await keeper.session.query('UPDATE t SET n = 0 WHERE id = 1');
    const waiting = run('SET innodb_lock_wait_timeout = 1', 'UPDATE t SET n = 1 WHERE id = 1');
    expect(await classified(waiting)).toEqual(['TSM4003', 'retry', '1205']);
    keeper.destroy();
  });

  test('a statement that somebody cancels, and one that takes too long', async () => {
    const endless =
      'SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c';
    const cancelled = sessions.use('counting', async (session) => {
      const [row] = await session.query<{ id: string }>('SELECT connection_id() AS id');
      const counting = session.query(endless);
      counting.catch(() => undefined);
      await expect
        .poll(async () => {
          const rows = await sessions.use('looking', (other) =>
            other.query(
              `SELECT id FROM information_schema.processlist WHERE id = ${row?.id} AND info LIKE 'SELECT count%'`,
            ),
          );
          return rows.length;
        })
        .toBe(1);
      await runStatements(created.url, [`KILL QUERY ${row?.id}`]);
      return counting;
    });
    expect(await classified(cancelled)).toEqual(['TSM4008', 'operator', '1317']);
    const limit = { mysql: 'max_execution_time = 50', mariadb: 'max_statement_time = 0.05' }[kind];
    const number = { mysql: '3024', mariadb: '1969' }[kind];
    expect(await classified(run(`SET ${limit}`, endless))).toEqual(['TSM4008', 'operator', number]);
  });

  test('a table that was altered behind a snapshot', async () => {
    await runStatements(created.url, [
      'CREATE TABLE altered (id int PRIMARY KEY)',
      'INSERT INTO altered VALUES (1)',
    ]);
    const reading = sessions.use('reading', async (session) => {
      await session.query('START TRANSACTION WITH CONSISTENT SNAPSHOT');
      await session.query('SELECT * FROM t');
      await runStatements(created.url, [
        'ALTER TABLE altered ADD COLUMN n int NOT NULL DEFAULT 1, ALGORITHM = COPY',
      ]);
      return session.query('SELECT * FROM altered');
    });
    expect(await classified(reading)).toEqual(['TSM2009', 'operator', '1412']);
  });

  test('what the user may not do', async () => {
    const user = `e_${created.name.slice(-10)}`;
    await runStatements(created.url, [
      `CREATE USER ${user} IDENTIFIED BY 'Secret!42' WITH MAX_USER_CONNECTIONS 1`,
      `GRANT INSERT ON \`${created.name}\`.* TO ${user}`,
    ]);
    const url = new URL(created.url);
    url.username = user;
    url.password = 'Secret!42';
    const restricted = new MysqlSessionPool({
      server: await identify(parsed(url.href), openOptions),
      maxConnections: 2,
    });
    const lease = await restricted.lease('first');
    expect(await classified(restricted.use('second', () => Promise.resolve()))).toEqual([
      'TSM4002',
      'operator',
      '1226',
    ]);
    lease.release();
    const reading = restricted.use('reading', (session) => session.query('SELECT * FROM t'));
    expect(await classified(reading)).toEqual(['TSM3001', 'operator', '1142']);
    await restricted.close();
  });
});
