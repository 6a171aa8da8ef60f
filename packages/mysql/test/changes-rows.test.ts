import type { ChangeEvent, ChangeSource } from '@tsmolt/core';
import {
  exportedRows, mutationsOf, mysqlSql, readToEnd, StrictReplica, transactionsOf,
} from '@tsmolt/testkit/contracts'; // prettier-ignore
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStream } from './changes-streams.js';
import { openDatabase } from './databases.js';
import type { OpenedDatabase } from './databases.js';
import { openSnapshot } from './exported.js';

let source: OpenedDatabase;
afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

/** What the statements do, as the stream of the tables tells it. */
async function changesOf(
  tables: readonly string[],
  statements: readonly string[],
  options: Parameters<typeof openStream>[2] = {},
): Promise<ChangeEvent[]> {
  await using stream = await openStream(source, tables, options);
  const from = await stream.currentPosition();
  await source.sql(...statements);
  return await readToEnd(stream, from);
}

const withoutPositions = (events: readonly ChangeEvent[]): ChangeEvent[] =>
  transactionsOf(events).flatMap(({ changes }) => changes);

describe.each(['mysql', 'mariadb'] as const)('changed rows of %s', (product) => {
  beforeEach(async () => {
    source = await openDatabase(product);
  });

  test('updates of a minimal row image have what changed and the key', async () => {
    await source.sql(`CREATE TABLE t (id int PRIMARY KEY, a int, b text, c int NOT NULL DEFAULT 7)`);
    const events = await changesOf(
      ['t'],
      [
        `INSERT INTO t VALUES (1, 1, 'x', 2)`,
        'SET SESSION binlog_row_image = MINIMAL',
        'UPDATE t SET a = NULL',
        'UPDATE t SET id = 9',
        'DELETE FROM t',
      ],
    );
    expect(mutationsOf(events).slice(1)).toEqual([
      { kind: 'update', table: 't', row: { id: '1', a: null } },
      { kind: 'update', table: 't', row: { id: '9' }, oldKey: ['1'] },
      { kind: 'delete', table: 't', row: { id: '9' } },
    ]);
  });

  test('an update without its long columns is one of the others', async () => {
    await source.sql(`CREATE TABLE t (id int PRIMARY KEY, a int, b text)`);
    const events = await changesOf(
      ['t'],
      ['SET SESSION binlog_row_image = NOBLOB', `INSERT INTO t VALUES (1, 1, 'x')`, 'UPDATE t SET a = 2'],
    );
    expect(mutationsOf(events)).toEqual([
      { kind: 'upsert', table: 't', row: { id: '1', a: '1', b: 'x' } },
      { kind: 'update', table: 't', row: { id: '1', a: '2' } },
    ]);
  });

  test('an inserted row that leaves out a column is refused', async () => {
    await source.sql(`CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5)`);
    const reading = changesOf(
      ['t'],
      ['SET SESSION binlog_row_image = MINIMAL', `INSERT INTO t (id) VALUES (1)`],
    );
    await expect(reading).rejects.toMatchObject({
      code: 'TSM5006',
      message: expect.stringMatching(/transaction \S+: public\.t: .*column a/),
      advice: expect.stringContaining('binlog_row_image'),
    });
  });

  test('the row before an update', async () => {
    await source.sql(`CREATE TABLE t (id int PRIMARY KEY, a int)`);
    const events = await changesOf(['t'], ['INSERT INTO t VALUES (1, 1)', 'UPDATE t SET a = 2']);
    expect(withoutPositions(events).at(-1)).toMatchObject({ values: ['1', '2'], before: ['1', '1'] });
  });

  test('a table without primary key is known by a unique key without NULL', async () => {
    await source.sql(
      'CREATE TABLE t (a int, b varchar(10) NOT NULL, c int NOT NULL, UNIQUE (a), UNIQUE (c, b))',
    );
    const events = await changesOf(['t'], [`INSERT INTO t VALUES (NULL, 'x', 3)`, 'UPDATE t SET c = 4']);
    expect(mutationsOf(events).at(-1)).toMatchObject({ oldKey: ['3', 'x'], row: { c: '4', b: 'x' } });
  });

  test('names of databases, tables and columns in mixed case, in quotes and in other scripts', async () => {
    await source.sql(
      'CREATE TABLE `Größe "x"` (`Id` int PRIMARY KEY, `__proto__` int, `na``me` int)',
      'CREATE TABLE `größe "x"2` (id int PRIMARY KEY)',
    );
    const statements = ['INSERT INTO `Größe "x"` VALUES (1, 2, 3)', 'INSERT INTO `größe "x"2` VALUES (1)'];
    const [change] = withoutPositions(await changesOf(['Größe "x"'], statements));
    expect(change).toMatchObject({
      table: {
        name: { schema: 'public', table: 'Größe "x"' },
        columns: ['Id', '__proto__', 'na`me'],
        key: [0],
      },
      values: ['1', '2', '3'],
    });
  });

  test('generated and invisible columns, and none of a shape', async () => {
    await source.sql(
      'CREATE TABLE t (id int PRIMARY KEY, v int AS (id * 2) VIRTUAL, s int AS (id * 3) STORED, h int INVISIBLE DEFAULT 4, g point)',
    );
    const events = await changesOf(
      ['t'],
      ['INSERT INTO t (id, g) VALUES (3, ST_GeomFromText("POINT(1 2)"))'],
    );
    expect(mutationsOf(events).map(({ row }) => row)).toEqual([{ id: '3', v: '6', s: '9', h: '4' }]);
  });

  test('values that no target can hold follow the policy', async () => {
    await source.sql(
      'CREATE TABLE t (id int PRIMARY KEY, d date, at datetime(2), ts timestamp NULL, ti time, needed date NOT NULL)',
    );
    const insert = [
      `SET sql_mode = 'ALLOW_INVALID_DATES'`,
      `INSERT INTO t VALUES (1, '0000-00-00', '2024-02-31 10:00:00.12', '0000-00-00', '-00:00:01', '2024-02-29')`,
    ];
    const clamped = await changesOf(['t'], insert, { unrepresentable: 'clamp' });
    await using snapshot = await openSnapshot(source.database, { unrepresentable: 'clamp' });
    const replica = new StrictReplica();
    replica.apply(clamped);
    expect(replica.rows('t')).toEqual(await exportedRows(snapshot, await source.table('t')));
    expect(mutationsOf(clamped)[0]?.row).toMatchObject({
      d: '0001-01-01',
      at: '2024-02-29 23:59:59.99',
      ti: '00:00:00',
    });
    await source.sql('DELETE FROM t');
    const nulled = await changesOf(['t'], insert, { unrepresentable: 'null' });
    expect(mutationsOf(nulled)[0]?.row).toEqual({
      id: '1',
      d: null,
      at: null,
      ts: null,
      ti: null,
      needed: '2024-02-29',
    });
    await source.sql('DELETE FROM t');
    await expect(changesOf(['t'], insert)).rejects.toMatchObject({
      code: 'TSM3008',
      message: expect.stringMatching(/transaction .*public\.t: column d has 0000-00-00/),
    });
    await source.sql('DELETE FROM t');
    const needed = [insert[0] ?? '', `INSERT INTO t VALUES (2, NULL, NULL, NULL, NULL, '2024-00-01')`];
    await expect(changesOf(['t'], needed, { unrepresentable: 'null' })).rejects.toMatchObject({
      code: 'TSM3008',
    });
  });

  test('text that is none in its character set follows the policy, and is never replaced in silence', async () => {
    const common = [
      ['utf8mb4', `_ucs2 X'D800'`],
      ['ucs2', `_ucs2 X'0041D83DDE000042'`],
      ['greek', `_greek X'41D242'`],
      ['tis620', `_tis620 X'41DB42'`],
      ['gbk', `_gbk X'FEFE'`],
      ['cp932', `_cp932 X'81AD'`],
    ];
    const of = {
      mysql: [['gb18030', `_gb18030 X'E3329A36'`]],
      mariadb: [['ascii', `X'41FF'`], ['utf32', `_utf32 X'0000D800'`], ['utf8mb3', `_utf8mb3 X'EDA080'`]],
    }; // prettier-ignore
    for (const [set, value] of [...common, ...of[product]]) {
      await source.sql('DROP TABLE IF EXISTS t', `CREATE TABLE t (id int PRIMARY KEY, v varchar(9) CHARACTER SET ${set})`); // prettier-ignore
      await expect(changesOf(['t'], [`INSERT INTO t VALUES (1, ${value})`]), set).rejects.toMatchObject({
        code: 'TSM3008',
        message: expect.stringMatching(
          new RegExp(`transaction .*public\\.t: column v has bytes that are no text in ${set}`),
        ),
      });
      const nulled = await changesOf(['t'], ['UPDATE t SET id = 2'], { unrepresentable: 'null' });
      expect(mutationsOf(nulled)).toMatchObject([{ row: { id: '2', v: null } }]);
    }
  });

  test('a value of 10 MB, through a buffer that is smaller', async () => {
    await source.sql('CREATE TABLE t (id int PRIMARY KEY, b longblob)');
    const events = await changesOf(
      ['t'],
      [`INSERT INTO t VALUES (1, REPEAT(X'00ff', 5 * 1024 * 1024)), (2, X'01')`],
      { bufferBytes: 1024 * 1024 },
    );
    const [first, second] = mutationsOf(events);
    expect(first?.row['b']).toHaveLength(2 + 20 * 1024 * 1024);
    expect(first?.row['b']?.slice(0, 10)).toBe('\\x00ff00ff');
    expect(second?.row['b']).toBe('\\x01');
  });

  test('20,000 small transactions, each with the position after it', async () => {
    await source.sql('CREATE TABLE t (id int PRIMARY KEY)');
    await using stream = await openStream(source, ['t']);
    const from = await stream.currentPosition();
    const statements = Array.from({ length: 20_000 }, (_, id) => `INSERT INTO t VALUES (${id})`);
    await source.sql(...statements);
    const transactions = transactionsOf(await readToEnd(stream, from));
    expect(transactions).toHaveLength(20_000);
    expect(new Set(transactions.map(({ position }) => position)).size).toBe(20_000);
    const middle = transactions[12_345]?.position ?? '';
    expect(mutationsOf(await readToEnd(stream, middle))).toHaveLength(20_000 - 12_346);
  });

  test('300,000 rows in one transaction keep the server waiting, and are whole', async () => {
    await source.sql('CREATE TABLE t (id int PRIMARY KEY, v varchar(100))');
    const hundredThousand = (start: number): string =>
      `INSERT INTO t SELECT ${start} + i, REPEAT('x', 80) FROM ${mysqlSql.series(0, 99_999)}`;
    await using stream = await openStream(source, ['t'], { bufferBytes: 1024 * 1024 });
    const from = await stream.currentPosition();
    await source.sql('BEGIN', ...[0, 100_000, 200_000].map(hundredThousand), 'COMMIT');
    const { rows, largest, commits } = await counted(stream, from);
    expect(rows).toBe(300_000);
    expect(commits).toBe(1);
    expect(largest).toBeLessThan(1024 * 1024);
  });
});

async function counted(
  stream: ChangeSource,
  from: string,
): Promise<{ readonly rows: number; readonly commits: number; readonly largest: number }> {
  let [rows, commits, largest] = [0, 0, 0];
  for await (const { events, bytes } of stream.changes(from, new AbortController().signal)) {
    largest = Math.max(largest, bytes);
    rows += events.filter(({ kind }) => kind === 'upsert').length;
    commits += events.filter(({ kind }) => kind === 'commit').length;
    if (commits > 0) break;
  }
  return { rows, commits, largest };
}
