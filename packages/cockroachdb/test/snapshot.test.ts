import { text } from 'node:stream/consumers';
import { createLogger, Hlc, nameFilter } from '@tsmolt/core';
import type { Database, SnapshotOptions, SnapshotSource, Table } from '@tsmolt/core';
import { runSql } from '@tsmolt/testkit';
import type { CockroachStandInOptions } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStandIn } from './open-stand-in.js';
import type { OpenedStandIn } from './open-stand-in.js';

const never = new AbortController().signal;
const hour = 3_600_000;

let opened: OpenedStandIn;
let table: Table;
let count = 0;
const snapshots: SnapshotSource[] = [];

beforeAll(async () => {
  opened = await openStandIn();
});
beforeEach(async () => {
  const name = `t${++count}`;
  await runSql(
    opened.url,
    `CREATE TABLE ${name} (id INT4 PRIMARY KEY, v STRING)`,
    `INSERT INTO ${name} VALUES (1, 'x')`,
  );
  table = await tableNamed(opened.database, name);
});
afterEach(async () => {
  for (const snapshot of snapshots.splice(0)) await snapshot.close('failed');
});
afterAll(() => opened.close());

async function tableNamed(database: Database, name: string): Promise<Table> {
  const [found] = await database.catalog.tables(nameFilter({ table: `^${name}$` }));
  if (found === undefined) throw new Error(`no table ${name}`);
  return found;
}

async function open(
  options: Partial<SnapshotOptions> = {},
  database = opened.database,
): Promise<SnapshotSource> {
  const snapshot = await database.openSnapshot?.({
    tables: [table],
    wantCursor: false,
    maxConnections: 2,
    unrepresentable: 'reject',
    protection: { durationMs: hour, refreshMs: hour },
    ...options,
  });
  if (snapshot === undefined) throw new Error('the adapter offers no snapshot');
  snapshots.push(snapshot);
  return snapshot;
}

async function rowsOf(snapshot: SnapshotSource, format: 'csv' | 'csv-marked-null' = 'csv'): Promise<string> {
  const request = {
    table,
    columns: ['id', 'v'],
    range: { condition: 'true' },
    format,
    signal: never,
  } as const;
  return text((await snapshot.export(request)).stream);
}

const write = (): Promise<unknown> =>
  runSql(opened.url, `INSERT INTO ${table.name.table} VALUES (2, 'late')`);

const protections = (): Promise<{ status?: unknown }[]> =>
  runSql(
    opened.url,
    `SELECT job_id, status FROM [SHOW JOBS] WHERE job_type = 'HISTORY RETENTION' ORDER BY created DESC`,
  );

describe('the moment', () => {
  test('is the cursor, as a changefeed takes it', async () => {
    const snapshot = await open({ wantCursor: true });
    expect(snapshot.cursor).toMatch(/^\d{19}\.\d{10}$/);
    const [now] = await runSql(opened.url, 'SELECT cluster_logical_timestamp()::STRING AS now');
    expect(Hlc.parse(snapshot.cursor).compare(Hlc.parse(String(now?.['now'])))).toBe(-1);
    expect(snapshot.identity).toContain(snapshot.cursor);
  });

  test('can be come back to, by another process too', async () => {
    const first = await open();
    await write();
    expect(first.continues).toBe(false);
    await first.close('resumable');
    const again = await open({ resume: first.identity }, await opened.openAgain());
    expect(again).toMatchObject({ continues: true, identity: first.identity });
    expect(await rowsOf(again)).toBe('1,x\n');
  });

  test.each([
    [
      'is collected',
      (identity: string) => identity.replace(/\d{19}\.\d{10}$/, '1500000000000000000.0000000000'),
    ],
    ['is of another cluster', (identity: string) => `other${identity}`],
    ['is no moment', () => 'nonsense'],
  ])('that %s is not gone on with', async (_what, changed) => {
    const first = await open();
    await write();
    const again = await open({ resume: changed(first.identity) });
    expect(again.continues).toBe(false);
    expect(again.identity).not.toBe(first.identity);
    expect(await rowsOf(again)).toBe('1,x\n2,late\n');
  });

  test('is not gone on with where a table is new since then', async () => {
    const first = await open();
    // PostgreSQL, behind the stand-in, shows an old snapshot the new table, empty.
    opened.standIn.faults.failNext({
      match: /^SELECT 1 FROM/,
      sqlstate: '42P01',
      message: 'no such relation',
    });
    expect((await open({ resume: first.identity })).continues).toBe(false);
  });

  test('is read at by a new session where one breaks', async () => {
    const snapshot = await open();
    await write();
    opened.standIn.faults.failNext({ match: /^COPY/, disconnect: true });
    await expect(rowsOf(snapshot)).rejects.toMatchObject({ kind: 'retry' });
    expect(await rowsOf(snapshot)).toBe('1,x\n');
  });
});

describe('protection from garbage collection', () => {
  test.each([
    { outcome: 'complete', wantCursor: false, status: 'canceled' },
    { outcome: 'failed', wantCursor: true, status: 'canceled' },
    { outcome: 'complete', wantCursor: true, status: 'running' },
    { outcome: 'resumable', wantCursor: false, status: 'running' },
  ] as const)(
    'after $outcome with cursor $wantCursor it is $status',
    async ({ outcome, wantCursor, status }) => {
      const snapshot = await open({ wantCursor });
      const [job] = await protections();
      expect(job).toMatchObject({ status: 'running' });
      await snapshot.close(outcome);
      await expect.poll(async () => (await protections())[0]).toEqual({ ...job, status });
    },
  );

  test('is extended as long as the snapshot is open', async () => {
    await open({ protection: { durationMs: hour, refreshMs: 5 } });
    const extensions = (): number =>
      opened.standIn.statements().filter((sql) => sql.includes('extend_mvcc_history_protection')).length;
    await expect.poll(extensions).toBeGreaterThan(2);
  });

  test('that cannot be had is a warning with advice', async () => {
    const { warnings, close } = await withStandIn({ historyProtection: false });
    expect(warnings.join()).toContain('gc.ttlseconds');
    await close();
  });
});

async function withStandIn(
  options: Partial<CockroachStandInOptions>,
): Promise<{ readonly warnings: readonly string[]; readonly close: () => Promise<void> }> {
  const other = await openStandIn(options);
  const snapshot = await open({ tables: [] }, other.database);
  return { warnings: snapshot.warnings, close: () => snapshot.close('complete').then(other.close) };
}

test('a source without rangefeeds is a warning where a changefeed is to follow', async () => {
  expect((await open({ wantCursor: true })).warnings.join()).toContain('kv.rangefeed.enabled');
  expect((await open()).warnings).toEqual([]);
  await runSql(opened.url, 'SET CLUSTER SETTING kv.rangefeed.enabled = true');
  expect((await open({ wantCursor: true })).warnings).toEqual([]);
  await runSql(opened.url, 'RESET CLUSTER SETTING kv.rangefeed.enabled');
});

test('a replication slot is refused: there are none', async () => {
  const replication = { slot: 's', recreate: false };
  await expect(open({ replication })).rejects.toMatchObject({ code: 'TSM1001' });
});

test('text that looks like the mark of NULL is refused in that format, and only there', async () => {
  const snapshot = await open();
  expect(await rowsOf(snapshot, 'csv-marked-null')).toBe('"1","x"\n');
  await runSql(opened.url, `INSERT INTO ${table.name.table} VALUES (2, '\\N')`);
  const later = await open();
  await expect(rowsOf(later, 'csv-marked-null')).rejects.toMatchObject({ code: 'TSM3008' });
  expect(await rowsOf(later)).toBe('1,x\n2,\\N\n');
});

test('a table without a key that can be cut says so', async () => {
  await runSql(
    opened.url,
    `CREATE TABLE words${count} (w STRING PRIMARY KEY)`,
    `INSERT INTO words${count} SELECT i::STRING FROM generate_series(1, 1000) i`,
    `ANALYZE words${count}`,
  );
  const words = await tableNamed(opened.database, `words${count}`);
  const plan = await (await open()).planShards(words, { shards: 4, rowsPerRange: 10, useStatistics: false });
  expect(plan.shards).toHaveLength(1);
  expect(plan.warnings.join()).toContain(`public.words${count}`);
});

test('generated columns tell how they are computed', async () => {
  await runSql(
    opened.url,
    `CREATE TABLE g${count} (a INT4 PRIMARY KEY, b INT4 AS (a + 1) STORED)`.replace(
      'AS (a',
      'GENERATED ALWAYS AS (a',
    ),
  );
  const { columns } = await tableNamed(opened.database, `g${count}`);
  expect(columns[1]?.generation).toEqual({ expression: '(a + 1)', stored: true });
});

test('a protection that cannot be extended or ended is told in the log', async () => {
  const lines: string[] = [];
  const logger = createLogger('warn', { write: (line) => void lines.push(line) });
  const database = await opened.openAgain(logger);
  opened.standIn.faults.failNext({
    match: /extend_mvcc|CANCEL JOB/,
    sqlstate: '42501',
    message: 'not you',
    times: 2,
  });
  const snapshot = await open({ protection: { durationMs: hour, refreshMs: 5 } }, database);
  await expect.poll(() => lines.length).toBeGreaterThan(0);
  await snapshot.close('failed');
  expect(lines.join()).toContain('could not be extended');
  opened.standIn.faults.clear();
});
