import type { ChangeEvent } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import type { ChangeDialect } from './change-dialect.js';
import { postgresChanges } from './change-dialect.js';
import { rowsOnSource, smallTable, useStreams } from './change-fixture.js';
import type { ChangeFixture } from './change-fixture.js';
import { endings, lostConnections, positions } from './change-positions.js';
import { hasReached, mutationsOf, readToEnd, StrictReplica, transactionsOf } from './change-streams.js';
import type { OpenContractDatabase } from './contract-database.js';

/** What every `ChangeSource` promises, against a real server. */
export function changeSourceContract(
  name: string,
  open: OpenContractDatabase,
  dialect: ChangeDialect = postgresChanges,
): void {
  describe(`${name} as ChangeSource`, () => {
    const fixture = useStreams(open, dialect);
    describe('what it tells', () => {
      changedRows(fixture);
      describedTables(fixture);
      transactions(fixture);
      manyChanges(fixture);
      schemaEvents(fixture);
    });
    describe('where it goes on', () => {
      positions(fixture);
      lostConnections(fixture);
    });
    describe('its end', () => {
      endings(fixture);
    });
  });
}

function changedRows(fixture: ChangeFixture): void {
  test('inserted, updated and deleted rows, in order', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(
      `INSERT INTO t VALUES (1, 'a', NULL), (2, '', 7)`,
      `UPDATE t SET n = 8 WHERE id = 2`,
      `DELETE FROM t WHERE id = 1`,
    );
    const mutations = mutationsOf(await readToEnd(source, from));
    expect(mutations).toMatchObject([
      { kind: 'upsert', table: 't', row: { id: '1', v: 'a', n: null } },
      { kind: 'upsert', table: 't', row: { id: '2', v: '', n: '7' } },
      { table: 't', row: { id: '2', n: '8' } },
      { kind: 'delete', table: 't', row: { id: '1' } },
    ]);
    expect(['upsert', 'update']).toContain(mutations[2]?.kind);
    expect(mutations.flatMap(({ oldKey }) => oldKey ?? [])).toEqual([]);
  });

  test('values in the text that an export of the same rows has', async () => {
    await fixture.sql(...fixture.changes.values.create);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(...fixture.changes.values.insert);
    const replica = new StrictReplica();
    replica.apply(await readToEnd(source, from));
    expect(replica.rows('t')).toEqual(await rowsOnSource(fixture, 't'));
    expect(replica.rows('t').length).toBeGreaterThan(2);
  });

  test('a row that got another key, with the old one', async () => {
    await fixture.sql('CREATE TABLE t (a int, b varchar(10), v int, PRIMARY KEY (b, a))');
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(
      `INSERT INTO t VALUES (1, 'x', 0)`,
      `UPDATE t SET b = 'y'`,
      `UPDATE t SET v = 1`,
      `UPDATE t SET b = b`,
    );
    const events = await readToEnd(source, from);
    const [inserted, moved, ...later] = mutationsOf(events);
    expect(inserted?.oldKey).toBeUndefined();
    expect(moved).toMatchObject({ row: { a: '1', b: 'y' } });
    const [mutation] = events.flatMap((event) => ('oldKey' in event ? [event] : []));
    const named = mutation?.table.key.map((index) => mutation.table.columns[index]);
    expect(Object.fromEntries((named ?? []).map((name, index) => [name, moved?.oldKey?.[index]]))).toEqual({
      a: '1',
      b: 'x',
    });
    expect(later.filter(({ oldKey }) => oldKey !== undefined)).toEqual([]);
  });
}

function describedTables(fixture: ChangeFixture): void {
  test('names as they are, and nothing of tables that are not wanted', async () => {
    const { quote } = fixture.dialect;
    const [table, key, value] = ['Odd "Name', 'Key ä', 'select'].map((name) => quote(name));
    await fixture.sql(
      smallTable,
      `CREATE TABLE ${table} (${key} int PRIMARY KEY, ${value} varchar(20))`,
      'CREATE TABLE other (id int PRIMARY KEY)',
    );
    const source = await fixture.stream(['Odd "Name']);
    const from = await source.currentPosition();
    await fixture.sql(
      `INSERT INTO t VALUES (1, 'no', 1)`,
      `INSERT INTO ${table} VALUES (1, 'yes')`,
      'INSERT INTO other VALUES (1)',
    );
    expect(mutationsOf(await readToEnd(source, from))).toEqual([
      { kind: 'upsert', table: 'Odd "Name', row: { 'Key ä': '1', select: 'yes' } },
    ]);
  });

  test('one description of a table for all its changes', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(`INSERT INTO t VALUES (1, 'a', 1)`, 'UPDATE t SET n = 2', 'DELETE FROM t');
    const described = (await readToEnd(source, from)).flatMap((event) =>
      'table' in event ? [event.table] : [],
    );
    expect(new Set(described).size).toBe(1);
    expect(described[0]).toEqual({
      name: { schema: fixture.schema(), table: 't' },
      columns: ['id', 'v', 'n'],
      key: [0],
    });
  });
}

/** Writes at random: all kinds of changes of two tables, some rolled back. */
function randomWrites({ changes }: ChangeFixture, round: number): string[] {
  const { series } = changes.sql;
  const start = round * 100;
  const table = round % 3 === 0 ? 'u' : 't';
  return [
    'BEGIN',
    `INSERT INTO ${table} SELECT i, concat('v', i), i FROM ${series(start + 1, start + 60)}`,
    'SAVEPOINT s',
    `DELETE FROM ${table} WHERE n % 2 = 0`,
    'ROLLBACK TO SAVEPOINT s',
    `UPDATE ${table} SET v = concat(v, '!') WHERE n % 7 = ${round % 7}`,
    `DELETE FROM ${table} WHERE n % 11 = ${round % 11}`,
    `UPDATE ${table} SET id = id + 1000000 WHERE n % 13 = ${round % 13} AND id < 1000000`,
    round % 5 === 4 ? 'ROLLBACK' : 'COMMIT',
  ];
}

const secondTable = smallTable.replace(' t ', ' u ');

function transactions(fixture: ChangeFixture): void {
  test('transactions whole and in the order of their commits', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    const [first, second] = [await fixture.client(), await fixture.client()];
    await first.query('BEGIN');
    await first.query(`INSERT INTO t VALUES (1, 'first', 1)`);
    await second.query('BEGIN');
    await second.query(`INSERT INTO t VALUES (2, 'second', 1)`);
    await first.query(`INSERT INTO t VALUES (3, 'first', 2)`);
    await second.query(`INSERT INTO t VALUES (4, 'second', 2)`);
    await second.query('COMMIT');
    await first.query('COMMIT');
    const read = transactionsOf(await readToEnd(source, from));
    expect(read.map(({ changes }) => mutationsOf(changes).map(({ row }) => row['id']))).toEqual([
      ['2', '4'],
      ['1', '3'],
    ]);
    expect(source.compare(read[0]?.position ?? '', read[1]?.position ?? '')).toBe(-1);
    expect(Math.abs(Date.now() - (read[0]?.committedAt ?? 0))).toBeLessThan(600_000);
  });

  test('nothing of what is rolled back, wholly or to a savepoint', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql('BEGIN', `INSERT INTO t VALUES (1, 'no', 1)`, 'ROLLBACK');
    await fixture.sql(
      'BEGIN',
      `INSERT INTO t VALUES (2, 'yes', 1)`,
      'SAVEPOINT s',
      `INSERT INTO t VALUES (3, 'no', 1)`,
      'ROLLBACK TO SAVEPOINT s',
      `INSERT INTO t VALUES (4, 'yes', 1)`,
      'COMMIT',
    );
    const rows = mutationsOf(await readToEnd(source, from)).map(({ row }) => row['id']);
    expect(rows).toEqual(['2', '4']);
  });
}

function manyChanges(fixture: ChangeFixture): void {
  test('whoever applies them has the rows of the source', async () => {
    await fixture.sql(smallTable, secondTable);
    const source = await fixture.stream(['t', 'u']);
    const from = await source.currentPosition();
    for (let round = 0; round < 20; round++) await fixture.sql(...randomWrites(fixture, round));
    const replica = new StrictReplica();
    replica.apply(await readToEnd(source, from));
    for (const table of ['t', 'u']) expect(replica.rows(table)).toEqual(await rowsOnSource(fixture, table));
    expect(replica.rows('t').length).toBeGreaterThan(100);
  });

  test('a transaction larger than the buffer, in chunks of bounded size', async () => {
    await fixture.sql('CREATE TABLE t (id int PRIMARY KEY, v varchar(300))');
    const bufferBytes = 256 * 1024;
    const source = await fixture.stream(['t'], { bufferBytes });
    const from = await source.currentPosition();
    const value = `concat(i, '${'x'.repeat(200)}')`;
    await fixture.sql(`INSERT INTO t SELECT i, ${value} FROM ${fixture.changes.sql.series(1, 20_000)}`);
    const end = hasReached(source, await source.currentPosition());
    const sizes: number[] = [];
    let rows = 0;
    for await (const { events, bytes } of source.changes(from, new AbortController().signal)) {
      sizes.push(bytes);
      rows += mutationsOf(events).length;
      if (events.some(end)) break;
    }
    expect(rows).toBe(20_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(2 * bufferBytes);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeGreaterThan(20_000 * 200);
  });
}

function schemaEvents(fixture: ChangeFixture): void {
  test('TRUNCATE between the changes of its table', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(
      `INSERT INTO t VALUES (1, 'a', 1)`,
      'TRUNCATE TABLE t',
      `INSERT INTO t VALUES (1, 'b', 1)`,
    );
    const events = transactionsOf(await readToEnd(source, from)).flatMap(({ changes }) => changes);
    expect(events).toMatchObject([
      { kind: 'upsert' },
      { kind: 'truncate', tables: [{ schema: fixture.schema(), table: 't' }] },
      { kind: 'upsert' },
    ]);
    expect(statementsOf(events)[0]).toMatch(/truncate/i);
  });

  test('a column that was added, before the first change that has it', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(
      `INSERT INTO t VALUES (1, 'a', 1)`,
      'ALTER TABLE t ADD COLUMN added int',
      `INSERT INTO t VALUES (2, 'b', 2, 3)`,
    );
    const events = transactionsOf(await readToEnd(source, from)).flatMap(({ changes }) => changes);
    expect(events.map(({ kind }) => kind)).toEqual(['upsert', 'ddl', 'upsert']);
    expect(statementsOf(events)[0]).toContain('added');
    expect(mutationsOf(events).map(({ row }) => row)).toEqual([
      { id: '1', v: 'a', n: '1' },
      { id: '2', v: 'b', n: '2', added: '3' },
    ]);
  });

  test('a column that was added while nobody read, before the first change that has it', async () => {
    await fixture.sql(smallTable);
    const before = await fixture.stream(['t']);
    const from = await before.currentPosition();
    const { shapes } = before;
    await fixture.sql('ALTER TABLE t ADD COLUMN added int', `INSERT INTO t VALUES (1, 'a', 2, 3)`);
    const source = await fixture.stream(['t'], shapes === undefined ? {} : { shapes });
    const events = transactionsOf(await readToEnd(source, from)).flatMap(({ changes }) => changes);
    expect(events.map(({ kind }) => kind)).toEqual(['ddl', 'upsert']);
    expect(statementsOf(events)[0]).toContain('added');
  });
}

function statementsOf(events: readonly ChangeEvent[]): string[] {
  return events.flatMap((event) => ('statement' in event ? [event.statement] : []));
}
