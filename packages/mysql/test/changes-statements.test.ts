import type { ChangeEvent } from '@tsmolt/core';
import { mutationsOf, readToEnd, transactionsOf } from '@tsmolt/testkit/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openStream } from './changes-streams.js';
import { openDatabase } from './databases.js';
import type { OpenedDatabase } from './databases.js';

let source: OpenedDatabase;
afterEach(async () => {
  await source[Symbol.asyncDispose]();
});

async function changesOf(tables: readonly string[], ...statements: string[]): Promise<ChangeEvent[]> {
  await using stream = await openStream(source, tables);
  const from = await stream.currentPosition();
  await source.sql(...statements);
  return transactionsOf(await readToEnd(stream, from)).flatMap(({ changes }) => changes);
}

const small = 'CREATE TABLE t (id int PRIMARY KEY, v int)';

const kindsAndTables = (events: readonly ChangeEvent[]): string[] =>
  events.map((event) => ('tables' in event ? `${event.kind} ${event.tables.map(({ table }) => table).join(' ')}` : event.kind)); // prettier-ignore

describe.each(['mysql', 'mariadb'] as const)('statements of %s', (product) => {
  beforeEach(async () => {
    source = await openDatabase(
      product,
      small,
      small.replace(' t ', ' u '),
      'CREATE TABLE other (id int PRIMARY KEY)',
    );
  });

  test('that define wanted tables are told, and no others', async () => {
    const events = await changesOf(
      ['t', 'u'],
      'ALTER TABLE other ADD COLUMN t int',
      'CREATE TABLE more (t int)',
      'CREATE VIEW looked AS SELECT * FROM t',
      'CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.v = 1',
      'ALTER TABLE /* t */ `u` ADD COLUMN w int',
      'CREATE INDEX i ON t (v)',
      'ANALYZE TABLE t',
      `TRUNCATE \`${source.name}\`.t`,
      'RENAME TABLE other TO another, u TO gone',
      'DROP TABLE IF EXISTS more, t',
    );
    expect(kindsAndTables(events)).toEqual(['ddl u', 'ddl t', 'truncate t', 'ddl u', 'ddl t']);
  });

  test('of other databases are not of this one, and the position passes them', async () => {
    await using elsewhere = await openDatabase(product, small);
    await using stream = await openStream(source, ['t']);
    const from = await stream.currentPosition();
    await elsewhere.sql(
      'ALTER TABLE t ADD COLUMN w int',
      'INSERT INTO t VALUES (1, 2, 3)',
      'TRUNCATE TABLE t',
    );
    const events = await readToEnd(stream, from);
    expect(events.map(({ kind }) => kind).filter((kind) => kind !== 'heartbeat')).toEqual([]);
    expect(events.at(-1)).toMatchObject({
      kind: 'heartbeat',
      position: expect.not.stringMatching(`^${from}$`),
    });
  });

  test('that make a table out of a query have its rows in their own transaction', async () => {
    await source.sql('INSERT INTO u VALUES (1, 1), (2, 2)');
    await using stream = await openStream(source, ['t']);
    const from = await stream.currentPosition();
    await source.sql('DROP TABLE t', `CREATE TABLE t (PRIMARY KEY (id)) SELECT * FROM u`);
    const read = transactionsOf(await readToEnd(stream, from));
    expect(read.map(({ changes }) => kindsAndTables(changes))).toEqual([
      ['ddl t'],
      ['ddl t', 'upsert', 'upsert'],
    ]);
  });

  test('in statement format are told, for nobody to pass over, with the setting', async () => {
    const events = await changesOf(
      ['t'],
      'SET SESSION binlog_format = STATEMENT',
      'INSERT INTO t VALUES (1, 4242)',
    );
    expect(events).toMatchObject([
      { kind: 'ddl', changesRows: { advice: expect.stringContaining('binlog_format=ROW') } },
    ]);
    expect(JSON.stringify(events)).not.toContain('4242');
  });

  test('in statement format of another database are told where a trigger there writes to this one', async () => {
    await using elsewhere = await openDatabase(product, small, small.replace(' t ', ' u '));
    await using stream = await openStream(source, ['t']);
    const from = await stream.currentPosition();
    await elsewhere.sql('SET SESSION binlog_format = STATEMENT', 'INSERT INTO t VALUES (1, 1)');
    expect(transactionsOf(await readToEnd(stream, from))).toEqual([]);
    const later = await stream.currentPosition();
    await elsewhere.sql(
      `CREATE TRIGGER carries AFTER INSERT ON u FOR EACH ROW INSERT INTO ${source.name}.t VALUES (NEW.id, 1)`,
      'SET SESSION binlog_format = STATEMENT',
      'INSERT INTO u VALUES (1, 1)',
    );
    const events = transactionsOf(await readToEnd(stream, later)).flatMap(({ changes }) => changes);
    expect(events).toMatchObject([
      {
        kind: 'ddl',
        changesRows: {
          message: expect.stringContaining(`trigger ${elsewhere.name}.carries writes to ${source.name}`),
        },
      },
    ]);
  });

  test('in statement format that only read this database are not of it', async () => {
    await using elsewhere = await openDatabase(product, small);
    const events = await changesOf(
      ['t'],
      'SET SESSION binlog_format = STATEMENT',
      `REPLACE INTO ${elsewhere.name}.t SELECT 1, COUNT(*) FROM ${source.name}.t`,
      `UPDATE ${elsewhere.name}.t SET v = (SELECT COUNT(*) FROM t)`,
    );
    expect(events).toEqual([]);
  });

  test('of tables without transactions', async () => {
    await source.sql('ALTER TABLE t ENGINE = MyISAM');
    const events = await changesOf(
      ['t'],
      'INSERT INTO t VALUES (1, 1), (2, 2)',
      'DELETE FROM t WHERE id = 1',
    );
    expect(mutationsOf(events).map(({ kind }) => kind)).toEqual(['upsert', 'upsert', 'delete']);
  });
});

describe('statements of MySQL alone', () => {
  beforeEach(async () => {
    source = await openDatabase('mysql', small);
  });

  test('documents of all kinds, as MySQL prints them', async () => {
    await source.sql(
      'CREATE TABLE j (id int AUTO_INCREMENT PRIMARY KEY, v json)',
      'CREATE TABLE printed (id int PRIMARY KEY, v longtext CHARACTER SET utf8mb4)',
    );
    const documents = [
      `'{}'`, `'[]'`, `'[1.0, 1e20, -1.5e-7, 0.1, 100000000000000000000, 1e300]'`, `'[1, -40000, 70000, -3000000000, 5000000000, 18446744073709551615]'`,
      `JSON_ARRAY(CAST('2024-02-29' AS DATE), CAST('2024-02-29 01:02:03.5' AS DATETIME(3)), CAST('-10:11:12.25' AS TIME(2)), 1.10, CAST(12.50 AS DECIMAL(10,2)))`,
      `JSON_ARRAY(X'00ff', b'101', CAST(REPEAT('x', 100) AS BINARY))`, `JSON_OBJECT('k"\\n', 'v\\t\\\\\\u0001', 'é', '😀')`,
      `JSON_OBJECT('big', REPEAT('y', 70000), 'n', 40000, 'm', JSON_ARRAY(1, 70000))`, `JSON_ARRAY(REPEAT('z', 200), true, NULL, false)`,
    ]; // prettier-ignore
    await using stream = await openStream(source, ['j', 'printed']);
    const from = await stream.currentPosition();
    await source.sql(
      ...documents.map((sql) => `INSERT INTO j (v) VALUES (${sql})`),
      'INSERT INTO printed SELECT id, CONVERT(v USING utf8mb4) FROM j',
    );
    const mutations = mutationsOf(await readToEnd(stream, from));
    const texts = (table: string): unknown[] =>
      mutations.filter((one) => one.table === table).map(({ row }) => row['v']);
    expect(texts('j')).toEqual(texts('printed'));
    expect(texts('j')).toHaveLength(documents.length);
  });
});
