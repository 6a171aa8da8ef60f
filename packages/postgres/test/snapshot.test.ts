import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { ConnectionUrl, nameFilter, silentLogger } from '@tsmolt/core';
import type { Database, SnapshotSource, Table } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const options = {
  allowUnencrypted: true,
  applicationName: 'snapshot',
  maxConnections: 3,
  logger: silentLogger(),
};
const never = new AbortController().signal;

let created: TestDatabase;
let database: Database;
beforeEach(async () => {
  created = await createDatabase(await sharedServer('postgres18'));
  database = openPostgres(await identify(ConnectionUrl.parse(created.url, '--source'), options), options);
});
afterEach(async () => {
  await database.close();
  await created.drop();
});

async function tableNamed(name: string): Promise<Table> {
  const [table] = await database.catalog.tables(nameFilter({ table: `^${name}$` }));
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}

const plain = {
  unrepresentable: 'reject',
  protection: { durationMs: 3_600_000, refreshMs: 600_000 },
} as const;

async function openSnapshot(): Promise<SnapshotSource> {
  const opened = await database.openSnapshot?.({ tables: [], wantCursor: true, maxConnections: 2, ...plain });
  if (opened === undefined) throw new Error('no snapshot');
  return opened;
}

async function rowsOf(snapshot: SnapshotSource, table: Table, condition: string): Promise<number> {
  const columns = table.columns.map(({ name }) => name);
  const running = await snapshot.export({
    table,
    columns,
    range: { condition },
    format: 'csv',
    signal: never,
  });
  await buffer(running.stream);
  return running.rows();
}

test('a worker that is terminated is an error to retry, and the snapshot still stands', async () => {
  await runSql(
    created.url,
    'CREATE TABLE t (v text)',
    `INSERT INTO t SELECT repeat('x', 1000) FROM generate_series(1, 50000)`,
  );
  const table = await tableNamed('t');
  const snapshot = await openSnapshot();
  const { stream } = await snapshot.export({
    table,
    columns: ['v'],
    range: { condition: 'true' },
    format: 'csv',
    signal: never,
  });
  await new Promise((resolve) => stream.once('readable', resolve));
  await runSql(
    created.url,
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'COPY%'`,
  );
  await expect(buffer(stream)).rejects.toMatchObject({ code: 'TSM2007', kind: 'retry' });
  await runSql(created.url, 'DELETE FROM t');
  expect(await rowsOf(snapshot, table, 'true')).toBe(50_000);
  await snapshot.close('complete');
});

test('a partitioned table is cut through its root, and its rows are there once', async () => {
  await runSql(
    created.url,
    'CREATE TABLE part (id int PRIMARY KEY) PARTITION BY RANGE (id)',
    'CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (MINVALUE) TO (1000)',
    'CREATE TABLE part_2 PARTITION OF part DEFAULT',
    'INSERT INTO part SELECT generate_series(1, 3000)',
    'ANALYZE part',
  );
  const table = await tableNamed('part');
  const snapshot = await openSnapshot();
  for (const useStatistics of [false, true]) {
    const plan = await snapshot.planShards(table, { shards: 3, rowsPerRange: 500, useStatistics });
    let rows = 0;
    for (const range of plan.shards.flatMap(({ ranges }) => ranges))
      rows += await rowsOf(snapshot, table, range.condition);
    expect(rows, plan.method).toBe(3000);
  }
  await snapshot.close('complete');
});

test.each([
  ['failed', 0],
  ['complete', 1],
] as const)('a slot that was made for a run that is %s stays %i times', async (outcome, left) => {
  const slot = `slot_${randomBytes(5).toString('hex')}`;
  await runSql(created.url, 'CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1)');
  const table = await tableNamed('t');
  const replication = { slot, recreate: false };
  const snapshot = await database.openSnapshot?.({
    tables: [table],
    wantCursor: true,
    maxConnections: 2,
    replication,
    ...plain,
  });
  if (snapshot === undefined) throw new Error('no snapshot');
  await runSql(created.url, 'INSERT INTO t VALUES (2)');
  expect(await rowsOf(snapshot, table, 'true')).toBe(1);
  expect(snapshot.cursor).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  await snapshot.close(outcome);
  await snapshot.close('failed');
  expect(
    await runSql(created.url, `SELECT FROM pg_replication_slots WHERE slot_name = '${slot}'`),
  ).toHaveLength(left);
});
