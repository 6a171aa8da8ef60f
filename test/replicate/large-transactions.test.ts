import { connectSql, runSql } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { arrives, differences, slotPair } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { catchUp, startReplicator } from '../support/replicator.js';
import { tsmoltVerify } from '../support/verify.js';

const streaming = '--streamLargeTransactions';

let pair: SlotPair;

beforeEach(async () => {
  pair = await slotPair();
  // The least that a server can be told to keep in memory: what is larger it sends while it runs.
  const name = new URL(pair.source).pathname.slice(1);
  await pair.onSource(`ALTER DATABASE "${name}" SET logical_decoding_work_mem = '64kB'`);
  await pair.onBoth(
    'CREATE TABLE t (id int PRIMARY KEY, v text, long text)',
    'ALTER TABLE t ALTER long SET STORAGE EXTERNAL',
    'CREATE TABLE u (id int PRIMARY KEY, v text)',
    'CREATE TABLE emptied (id int PRIMARY KEY, v text)',
    'CREATE TABLE altered (id int PRIMARY KEY, v text)',
    `INSERT INTO t SELECT i, 'before', repeat('z', 5000) FROM generate_series(1, 20) AS i`,
    `INSERT INTO emptied SELECT i, 'before' FROM generate_series(1, 20) AS i`,
    `INSERT INTO altered SELECT i, 'before' FROM generate_series(1, 20) AS i`,
  );
});
afterEach(() => pair.drop());

const tables = ['t', 'u', 'emptied', 'altered'] as const;

/** Rows that are more than the server keeps in memory. */
function many(table: string, first: number, rows = 1500): string {
  return `INSERT INTO ${table} (id, v) SELECT i, repeat('x', 100) FROM generate_series(${first}, ${first + rows - 1}) AS i`;
}

/** Transactions of the slot that the server has sent before their end. */
async function streamed(): Promise<number> {
  const [row] = await runSql<{ count: string }>(
    pair.source,
    `SELECT stream_txns AS count FROM pg_stat_replication_slots WHERE slot_name = '${pair.slot}'`,
  );
  return Number(row?.count);
}

const spilled = 'SELECT FROM _replicator.spilled_transactions';

/** What a process leaves behind that was killed: nobody waits here for its lease to run out. */
async function kill(running: ReturnType<typeof startReplicator>): Promise<void> {
  running.process.kill('SIGKILL');
  await running.finished;
  await runSql(
    pair.target,
    `SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    'DELETE FROM _replicator.leases',
  );
}

test('transactions that run side by side arrive whole, without what was rolled back', async () => {
  const [one, two, lost, shape] = [
    await connectSql(pair.source),
    await connectSql(pair.source),
    await connectSql(pair.source),
    await connectSql(pair.source),
  ];
  await pair.onTarget('ALTER TABLE altered ADD COLUMN extra int');
  const running = startReplicator(pair, streaming, '--onTruncate', 'apply', '--onDDL', 'check');
  // Nothing reads the catalog of the source any more, where one of the transactions is to lock a table.
  await pair.onSource(`INSERT INTO u VALUES (0, 'small')`);
  await arrives(pair.target, 'SELECT FROM u WHERE id = 0');
  for (const client of [one, two, lost, shape]) await client.query('BEGIN');
  await one.query(`${many('t', 1000)}; UPDATE t SET v = 'not sent' WHERE id < 10`);
  await one.query(`SAVEPOINT s; ${many('t', 20_000)}; DELETE FROM t WHERE id = 1; ROLLBACK TO s`);
  await two.query(many('u', 1000));
  await two.query(`TRUNCATE emptied; ${many('emptied', 5000)}`);
  await lost.query(`${many('t', 50_000)}; ${many('u', 50_000)}`);
  await shape.query(`${many('altered', 1000)}; ALTER TABLE altered ADD COLUMN extra int`);
  await shape.query(`UPDATE altered SET extra = id WHERE id < 1500; ${many('altered', 5000)}`);
  await pair.onSource(`INSERT INTO u VALUES (1, 'small')`);
  await arrives(pair.target, 'SELECT FROM u WHERE id = 1');
  await arrives(pair.target, spilled);
  await one.query(
    `${many('t', 5000)}; DELETE FROM t WHERE id % 10 = 3; UPDATE t SET id = -id WHERE id % 10 = 4`,
  );
  await lost.query('ROLLBACK');
  await two.query(`${many('u', 5000)}; COMMIT`);
  await pair.onSource(`INSERT INTO u VALUES (2, 'small')`);
  await shape.query('COMMIT');
  await one.query('COMMIT');
  await pair.onSource(
    `INSERT INTO t VALUES (2000000, 'last', 'row')`,
    `UPDATE altered SET extra = 7 WHERE id = 5000`,
  );
  for (const client of [one, two, lost, shape]) await client.end();
  await arrives(pair.target, 'SELECT FROM altered WHERE id = 5000 AND extra = 7');
  running.process.kill('SIGTERM');
  const done = await running.finished;
  expect(done.exitCode, done.stdout + done.stderr).toBe(0);
  expect(await differences(pair, ...tables)).toEqual([]);
  const verified = await tsmoltVerify(pair.source, pair.target, '--schema-filter', 'public');
  expect(verified.exitCode, verified.stdout).toBe(0);
  expect(await streamed()).toBeGreaterThanOrEqual(4);
  expect(await runSql(pair.target, spilled)).toEqual([]);
});

test('a process that is killed while a transaction comes, and another while it is written, leave it to the next', async () => {
  const source = await connectSql(pair.source);
  const first = startReplicator(pair, streaming);
  await first.printed(/no checkpoint yet/);
  await source.query(`BEGIN; ${many('u', 1)}`);
  await arrives(pair.target, spilled);
  await kill(first);
  // More than one batch: it is written while the rest of it is still read back.
  await source.query(`INSERT INTO u SELECT i, repeat('y', 400) FROM generate_series(10001, 50000) AS i`);
  await source.query(
    `SAVEPOINT s; ${many('u', 200_000)}; ROLLBACK TO s; UPDATE u SET v = 'changed' WHERE id = 7`,
  );
  await source.query('COMMIT');
  await source.end();
  const locker = await connectSql(pair.target);
  await locker.query('BEGIN; LOCK TABLE u IN SHARE MODE');
  const second = startReplicator(pair, streaming);
  await arrives(pair.target, `SELECT FROM pg_locks WHERE NOT granted AND relation = 'u'::regclass`);
  const [left] = await runSql<{ stream: string }>(
    pair.target,
    'SELECT stream FROM _replicator.spilled_transactions LIMIT 1',
  );
  await locker.query('ROLLBACK');
  await locker.end();
  await kill(second);
  const done = await catchUp(pair, streaming);
  expect(done.exitCode, done.stdout + done.stderr).toBe(0);
  expect(await differences(pair, 't', 'u')).toEqual([]);
  expect(await streamed()).toBeGreaterThan(1);
  expect(await runSql(pair.target, spilled)).toEqual([]);

  // What a process has left is cleared away by one without the flag, too.
  expect(left?.stream).toMatch(/^pglogical-wal-offset-/);
  await pair.onTarget(
    `INSERT INTO _replicator.spilled_transactions (stream, transaction, piece, content) VALUES ('${left?.stream}', 'left', 0, '')`,
  );
  const without = await catchUp(pair);
  expect(without.exitCode, without.stdout + without.stderr).toBe(0);
  expect(await runSql(pair.target, spilled)).toEqual([]);
});
