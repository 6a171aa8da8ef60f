import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type {
  CopyFormat,
  RowRange,
  ShardOptions,
  SnapshotOptions,
  SnapshotSource,
  Table,
} from '@tsmolt/core';
import { afterEach, describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import { postgresSql } from './contract-sql.js';
import type { ContractSql } from './contract-sql.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

/** What every `SnapshotSource` promises, against a real server. */
export function snapshotSourceContract(
  name: string,
  open: OpenContractDatabase,
  sql: ContractSql = postgresSql,
): void {
  describe(`${name} as SnapshotSource`, () => {
    const fixture: Fixture = { ...useContractDatabase(open, sql.dialect), written: sql };
    const snapshots = useSnapshots(fixture);
    describe('the snapshot', () => {
      oneConsistentPoint(fixture, snapshots);
    });
    describe('its end', () => {
      endings(fixture, snapshots);
    });
    describe('planShards', () => {
      plansOfShards(fixture, snapshots);
    });
    describe('export', () => {
      exports(fixture, snapshots);
    });
  });
}

/** With the statements of the engine under test. */
interface Fixture extends ContractFixture {
  readonly written: ContractSql;
}

type OpenSnapshot = (options?: Partial<SnapshotOptions>) => Promise<SnapshotSource>;

function useSnapshots(fixture: Fixture): OpenSnapshot {
  const opened: SnapshotSource[] = [];
  afterEach(async () => {
    for (const snapshot of opened.splice(0)) await snapshot.close('failed');
  });
  return async (options = {}) => {
    const openSnapshot = offered(fixture.database().openSnapshot);
    const snapshot = await openSnapshot({
      wantCursor: false,
      maxConnections: 3,
      tables: [],
      unrepresentable: 'reject',
      protection: { durationMs: 3_600_000, refreshMs: 600_000 },
      ...options,
    });
    opened.push(snapshot);
    return snapshot;
  };
}

const everything: RowRange = { condition: 'true' };
const never = new AbortController().signal;

interface Wanted {
  readonly range?: RowRange;
  readonly format?: CopyFormat;
}

/** The bytes of a range and the server's count of its rows. */
async function exported(
  snapshot: SnapshotSource,
  table: Table,
  { range = everything, format = 'csv' }: Wanted = {},
): Promise<{ readonly data: Buffer; readonly rows: number }> {
  const columns = table.columns.map((column) => column.name);
  const running = await snapshot.export({ table, columns, range, format, signal: never });
  const data = await buffer(running.stream);
  return { data, rows: running.rows() };
}

const linesOf = (data: Buffer): string[] => String(data).split('\n').slice(0, -1).toSorted();

/** Statements that make a table `t` of so many rows, numbered from 1. */
function numbers({ written }: Fixture, count: number): string[] {
  return [
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    `INSERT INTO t SELECT i, concat('v', i) FROM ${written.series(1, count)}`,
  ];
}

function laterWrites({ written }: Fixture): string[] {
  return [
    'DELETE FROM t WHERE id % 3 = 0',
    `UPDATE t SET v = 'changed' WHERE id % 3 = 1`,
    `INSERT INTO t SELECT i, 'later' FROM ${written.series(100_001, 101_000)}`,
  ];
}

function oneConsistentPoint(fixture: Fixture, open: OpenSnapshot): void {
  test('shows the same rows to all connections while others write', async () => {
    await fixture.sql(...numbers(fixture, 20_000), 'CREATE TABLE u AS SELECT * FROM t');
    const [t, u] = [await fixture.table('t'), await fixture.table('u')];
    const snapshot = await open();
    const writing = fixture.sql(...laterWrites(fixture), 'DELETE FROM u');
    const first = await Promise.all([exported(snapshot, t), exported(snapshot, t), exported(snapshot, u)]);
    await writing;
    const later = await exported(snapshot, t);
    for (const { data, rows } of [...first, later]) {
      expect(rows).toBe(20_000);
      expect(linesOf(data)).toEqual(linesOf(first[0].data));
    }
  });

  test('changes after it are not in it, and are in the next one', async () => {
    await fixture.sql(...numbers(fixture, 9));
    const table = await fixture.table('t');
    const snapshot = await open();
    await fixture.sql(...laterWrites(fixture));
    expect((await exported(snapshot, table)).rows).toBe(9);
    expect((await exported(await open(), table)).rows).toBe(1006);
  });

  test('a transaction that commits after it is not in it, though it began before', async () => {
    await fixture.sql(...numbers(fixture, 3));
    const table = await fixture.table('t');
    await fixture.sql('BEGIN', `INSERT INTO t VALUES (50, 'open')`);
    const snapshot = await open();
    await fixture.sql('COMMIT');
    expect((await exported(snapshot, table)).rows).toBe(3);
  });

  test('hashes rows inside it', async () => {
    await fixture.sql(...numbers(fixture, 1000));
    const table = await fixture.table('t');
    const snapshot = await open();
    const [algorithm] = snapshot.rowHasher.algorithms;
    if (algorithm === undefined) throw new Error('the snapshot has no way to hash');
    const request = { table, columns: table.columns, algorithm, signal: never };
    const before = await snapshot.rowHasher.hashRows(request);
    await fixture.sql(...laterWrites(fixture));
    expect(await snapshot.rowHasher.hashRows(request)).toEqual(before);
    expect(before.rows).toBe(1000n);
    expect(await (await open()).rowHasher.hashRows(request)).not.toEqual(before);
  });

  test('has a cursor where one is wanted, and none where not', async () => {
    expect((await open({ wantCursor: false })).cursor).toBe('');
    expect((await open({ wantCursor: true })).cursor).not.toBe('');
  });
}

function endings(fixture: Fixture, open: OpenSnapshot): void {
  test('a stream that is destroyed early leaves the snapshot usable, with one connection as with many', async () => {
    await fixture.sql(...numbers(fixture, 50_000));
    const table = await fixture.table('t');
    const snapshot = await open({ maxConnections: 1 });
    for (let attempt = 0; attempt < 3; attempt++) {
      const request = {
        table,
        columns: ['id', 'v'],
        range: everything,
        format: 'csv',
        signal: never,
      } as const;
      const { stream } = await snapshot.export(request);
      await new Promise((resolve) => stream.once('data', resolve));
      stream.destroy();
    }
    expect((await exported(snapshot, table)).rows).toBe(50_000);
  });

  test('an export that is told to stop ends with that, and the snapshot goes on', async () => {
    await fixture.sql(...numbers(fixture, 50_000));
    const table = await fixture.table('t');
    const snapshot = await open({ maxConnections: 1 });
    const controller = new AbortController();
    const request = { table, columns: ['id', 'v'], range: everything, format: 'csv' } as const;
    const { stream } = await snapshot.export({ ...request, signal: controller.signal });
    const reading = buffer(stream);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'TSM1005' });
    expect((await exported(snapshot, table)).rows).toBe(50_000);
  });

  test('an export that was told to stop before starts nothing', async () => {
    await fixture.sql(...numbers(fixture, 10));
    const table = await fixture.table('t');
    const snapshot = await open({ maxConnections: 1 });
    const request = { table, columns: ['id'], range: everything, format: 'csv' } as const;
    const signal = AbortSignal.abort();
    await expect(snapshot.export({ ...request, signal })).rejects.toMatchObject({ code: 'TSM1005' });
    expect((await exported(snapshot, table)).rows).toBe(10);
  });

  test('a range that the server refuses is an error, and the snapshot goes on', async () => {
    await fixture.sql(...numbers(fixture, 10));
    const table = await fixture.table('t');
    const snapshot = await open({ maxConnections: 1 });
    await expect(
      exported(snapshot, table, { range: { condition: fixture.written.failingCondition } }),
    ).rejects.toMatchObject({
      name: 'TsmoltError',
    });
    expect((await exported(snapshot, table)).rows).toBe(10);
  });

  test('may be closed twice, and gives its connections back', async () => {
    for (let round = 0; round < 10; round++) {
      const snapshot = await open();
      await snapshot.close('complete');
      await expect(snapshot.close('complete')).resolves.toBeUndefined();
    }
  });
}

const manyShards: ShardOptions = { shards: 4, rowsPerRange: 250, useStatistics: false };

function plansOfShards(fixture: Fixture, open: OpenSnapshot): void {
  describe.each([
    { how: 'evenly', useStatistics: false },
    { how: 'by statistics', useStatistics: true },
  ])('cut $how', ({ useStatistics }) => {
    test.each(fixture.written.shapes)(
      'a table with %s: no row twice, none left out',
      async (_shape, ...statements) => {
        await fixture.sql(...statements, fixture.written.analyze);
        const { whole, parts } = await planned(fixture, await open(), { ...manyShards, useStatistics });
        expect(parts).toEqual(whole);
      },
    );
  });

  test('rows that came after the statistics are in a range all the same', async () => {
    await fixture.sql(
      ...numbers(fixture, 1000),
      fixture.written.analyze,
      `INSERT INTO t SELECT -i, 'new' FROM ${fixture.written.series(1, 2000)}`,
    );
    const { whole, parts } = await planned(fixture, await open(), { ...manyShards, useStatistics: true });
    expect(parts).toEqual(whole);
  });

  test('shards are numbered from 1, and there are no more than wanted', async () => {
    await fixture.sql(...numbers(fixture, 5000), fixture.written.analyze);
    const plan = await (await open()).planShards(await fixture.table('t'), manyShards);
    expect(plan.shards.map(({ number }) => number)).toEqual([1, 2, 3, 4]);
    expect(plan.shards.filter(({ ranges }) => ranges.length === 0)).toEqual([]);
    expect(plan.method).not.toBe('');
  });

  test('statistics that are not there are a warning, not an error', async () => {
    await fixture.sql(...numbers(fixture, 3000));
    const snapshot = await open();
    const plan = await snapshot.planShards(await fixture.table('t'), { ...manyShards, useStatistics: true });
    expect(plan.warnings.join()).toContain(`${fixture.schema()}.t`);
  });
}

/** What the ranges of a plan hold together, beside what the table holds. */
async function planned(
  fixture: Fixture,
  snapshot: SnapshotSource,
  options: ShardOptions,
): Promise<{ readonly whole: Rows; readonly parts: Rows }> {
  const table = await fixture.table('t');
  const whole = await exported(snapshot, table);
  const { shards } = await snapshot.planShards(table, options);
  let rows = 0;
  const pieces: Buffer[] = [];
  for (const range of shards.flatMap(({ ranges }) => ranges)) {
    const part = await exported(snapshot, table, { range });
    rows += part.rows;
    pieces.push(part.data);
  }
  return {
    whole: { rows: whole.rows, lines: linesOf(whole.data) },
    parts: { rows, lines: linesOf(Buffer.concat(pieces)) },
  };
}

interface Rows {
  readonly rows: number;
  readonly lines: readonly string[];
}

function exports(fixture: Fixture, open: OpenSnapshot): void {
  test('a range that is exported again gives the same rows again, whatever was written meanwhile', async () => {
    await fixture.sql(...numbers(fixture, 2000), fixture.written.analyze);
    const table = await fixture.table('t');
    const snapshot = await open();
    const { shards } = await snapshot.planShards(table, manyShards);
    const range = shards[1]?.ranges[0] ?? everything;
    const first = await exported(snapshot, table, { range });
    await fixture.sql(...laterWrites(fixture));
    const second = await exported(snapshot, table, { range });
    expect(second.rows).toBe(first.rows);
    expect(linesOf(second.data)).toEqual(linesOf(first.data));
  });

  test('columns come in the order that the request names', async () => {
    await fixture.sql('CREATE TABLE t (a int, b text)', `INSERT INTO t VALUES (1, NULL), (2, '')`);
    const table = await fixture.table('t');
    const request = { table, range: everything, format: 'csv', signal: never } as const;
    const { stream } = await (await open()).export({ ...request, columns: ['b', 'a'] });
    expect(linesOf(await buffer(stream))).toEqual(['"",2', ',1']);
  });
  if (fixture.written.loadsItsExports) loadedAgain(fixture, open);
}

function loadedAgain(fixture: Fixture, open: OpenSnapshot): void {
  test('every format can be loaded again, and gives the same rows', async () => {
    await fixture.sql(
      'CREATE TABLE t (id int PRIMARY KEY, v text, b bytea, f float8, at timestamptz, a text[])',
      `INSERT INTO t VALUES (1, NULL, NULL, NULL, NULL, NULL), (2, '', '', 'NaN', 'infinity', '{}'),
        (3, e'a\\tb\\n"c"\\\\,', '\\x005c2c', 0.1, '2024-01-02 03:04:05.123456+05', ARRAY['x,y', NULL, '"'])`,
    );
    const table = await fixture.table('t');
    const target = offered(fixture.database().bulkTarget);
    const copy = { schema: fixture.schema(), table: 'copied' };
    const snapshot = await open();
    for (const format of snapshot.exportFormats) {
      await fixture.sql('DROP TABLE IF EXISTS copied', 'CREATE TABLE copied AS SELECT * FROM t WHERE false');
      const { data } = await exported(snapshot, table, { format });
      const columns = table.columns.map(({ name }) => name);
      const request = { table: copy, columns, format, signal: never };
      expect(await target.copyIn(request, Readable.from([data])), format).toBe(3);
      expect(await fixture.sql('SELECT c::text AS row FROM copied c ORDER BY id'), format).toEqual(
        await fixture.sql('SELECT t::text AS row FROM t ORDER BY id'),
      );
    }
  });
}
