import { ConnectionUrl } from '@tsmolt/core';
import type { ApplyTarget, ApplyTransaction } from '@tsmolt/core';
import { identify, PgwireApplyTarget, SessionPool } from '@tsmolt/pgwire';
import type { ApplyDialect } from '@tsmolt/pgwire';
import { connectSql, runSql, startPostgres18 } from '@tsmolt/testkit';
import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { stopOnAbort } from '../src/apply/stop-statement.js';
import { never, options, usePools } from './pools.js';

const fixture = usePools();

const dialect: ApplyDialect = {
  writable: () => '',
  fromText: (expression) => expression,
  insertsIdentity: true,
  wholeRowVerb: 'INSERT',
  copiesFreshRows: () => true,
  truncate: () => [],
};

async function target(): Promise<ApplyTarget> {
  const url = ConnectionUrl.parse(fixture.url(), '--target');
  const { config } = await identify(url, options);
  return new PgwireApplyTarget({ pool: fixture.pool(), url, config, dialect });
}

async function apply<Result>(work: (transaction: ApplyTransaction) => Promise<Result>): Promise<Result> {
  return (await target()).transaction(work, { signal: never, timeoutMs: 30_000 });
}

describe('a statement that is stopped', () => {
  test.each([
    ['over a plain connection', false],
    ['over TLS', true],
  ])('%s is cancelled by the server', async (_how, tls) => {
    await using server = await startPostgres18({ own: true, tls });
    const { config } = await identify(ConnectionUrl.parse(server.url, '--target'), options);
    const client = new pg.Client(config);
    await client.connect();
    const stop = new AbortController();
    const stopping = stopOnAbort(client, config, stop.signal);
    const outcome = client.query('SELECT pg_sleep(62)').catch((thrown: unknown) => thrown);
    await expect
      .poll(() =>
        runSql(
          server.url,
          `SELECT FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(62)' AND state = 'active'`,
        ),
      )
      .toHaveLength(1);
    stop.abort();
    expect(await outcome).toMatchObject({ code: '57014' });
    stopping.stop();
    await client.end();
  });
});

describe('what only COMMIT finds', () => {
  test('is a refusal, and nothing is committed', async () => {
    await runSql(
      fixture.url(),
      'CREATE TABLE parent (id int PRIMARY KEY)',
      'CREATE TABLE child (p int CONSTRAINT later REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)',
    );
    const failed = apply((transaction) => transaction.query('INSERT INTO child VALUES (1)', []));
    await expect(failed).rejects.toMatchObject({
      code: 'TSM4011',
      refusal: { kind: 'foreign-key', constraint: 'later' },
    });
    expect(await runSql(fixture.url(), 'SELECT FROM child')).toEqual([]);
  });

  test('is a trigger that refuses the row', async () => {
    await runSql(
      fixture.url(),
      'CREATE TABLE guarded (id int)',
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$`,
      'CREATE TRIGGER refuse BEFORE INSERT ON guarded FOR EACH ROW EXECUTE FUNCTION refuse()',
    );
    const failed = apply((transaction) => transaction.query('INSERT INTO guarded VALUES (1)', []));
    await expect(failed).rejects.toMatchObject({ code: 'TSM4011', refusal: { kind: 'other' } });
  });
});

test('the loser of a deadlock may try again', async () => {
  await runSql(fixture.url(), 'CREATE TABLE locked (id int)', 'INSERT INTO locked VALUES (1), (2)');
  const other = await connectSql(fixture.url());
  await other.query("BEGIN; SET deadlock_timeout = '1h'; UPDATE locked SET id = id WHERE id = 2");
  let theirs: Promise<unknown> = Promise.resolve();
  const loser = apply(async (transaction) => {
    await transaction.query("SET LOCAL deadlock_timeout = '10ms'", []);
    await transaction.query('UPDATE locked SET id = id WHERE id = 1', []);
    theirs = other.query('UPDATE locked SET id = id WHERE id = 1');
    await transaction.query('UPDATE locked SET id = id WHERE id = 2', []);
  });
  await expect(loser).rejects.toMatchObject({ code: 'TSM4003', kind: 'retry', serverCode: '40P01' });
  await theirs;
  await other.end();
});

test.each([
  'COMMIT',
  ' -- why\n/* not */rollback',
  'START TRANSACTION',
  '/* /* */ */ END',
  `PREPARE TRANSACTION 'p'`,
])('%s of a userscript is refused, and so is more than one statement', async (sql) => {
  const failed = apply((transaction) => transaction.query(sql, []));
  await expect(failed).rejects.toMatchObject({ code: 'TSM7006' });
  const several = apply((transaction) => transaction.query(`SELECT 1; ${sql}`, []));
  await expect(several).rejects.toMatchObject({ serverCode: '42601' });
});

test('a pool that is closed says so', async () => {
  const url = ConnectionUrl.parse(fixture.url(), '--target');
  const { config } = await identify(url, options);
  const pool = new SessionPool({ url, config, maxConnections: 1, prepare: () => Promise.resolve() });
  await pool.close();
  const closed = new PgwireApplyTarget({ pool, url, config, dialect });
  await expect(
    closed.transaction(() => Promise.resolve(), { signal: never, timeoutMs: 0 }),
  ).rejects.toMatchObject({ code: 'TSM9001' });
});
