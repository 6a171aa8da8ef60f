import { mysqlEdgeTypes } from '@tsmolt/testkit';
import { exportedRows, mutationsOf, readToEnd, StrictReplica } from '@tsmolt/testkit/contracts';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openStream } from './changes-streams.js';
import { openDatabase } from './databases.js';
import type { OpenedDatabase } from './databases.js';
import { openSnapshot } from './exported.js';

describe.each(['mysql', 'mariadb'] as const)('the changes of %s', (product) => {
  const types = mysqlEdgeTypes.filter(({ only }) => only === undefined || only === product);
  let source: OpenedDatabase;
  beforeAll(async () => {
    source = await openDatabase(product);
  });
  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  test.each(types)('have values of type $type as an export has them', async (type) => {
    const values = [...type.values.map(({ sql }) => sql), 'NULL'];
    await source.sql('DROP TABLE IF EXISTS edge', `CREATE TABLE edge (id int PRIMARY KEY, v ${type.type})`);
    const rows = values.map((sql, id) => `(${id}, ${sql})`).join(', ');
    await using stream = await openStream(source, ['edge']);
    const from = await stream.currentPosition();
    await source.sql(`INSERT INTO edge VALUES ${rows}`);
    const replica = new StrictReplica();
    const inserted = await readToEnd(stream, from);
    replica.apply(inserted);
    await using snapshot = await openSnapshot(source.database, { maxConnections: 1 });
    expect(replica.rows('edge')).toEqual(await exportedRows(snapshot, await source.table('edge')));
    expect(replica.rows('edge')).toHaveLength(values.length);

    // Values of deleted rows are read in another way.
    const filled = await stream.currentPosition();
    await source.sql('DELETE FROM edge');
    const deleted = await readToEnd(stream, filled);
    const rowsOf = (events: typeof inserted): unknown[] => mutationsOf(events).map(({ row }) => row);
    expect(rowsOf(deleted)).toEqual(rowsOf(inserted));
  });

  test('of a table that is left out are counted row by row, whatever the types of its columns', async () => {
    const columns = types.map(({ type }, index) => `v${index} ${type}`);
    const values = types.map((type) => type.values.at(-1)?.sql ?? 'NULL').join(', ');
    const nulls = types.map(() => 'NULL').join(', ');
    const bag = { schema: 'public', table: 'bag' };
    await source.sql(`CREATE TABLE bag (${columns.join(', ')})`, 'CREATE TABLE t (id int PRIMARY KEY)');
    let counted = 0;
    const leftOut = { tables: [bag], onChange: () => (counted += 1) };
    await using stream = await openStream(source, ['t'], { others: [bag], leftOut });
    const from = await stream.currentPosition();
    await source.sql(
      `INSERT INTO bag VALUES (${values}), (${nulls}), (${values})`,
      'UPDATE bag SET v0 = NULL WHERE v0 IS NOT NULL',
      'DELETE FROM bag',
    );
    await readToEnd(stream, from);
    expect(counted).toBe(3 + 2 + 3);
  });
});

test('mutations', () => {
  expect(mutationsOf([])).toEqual([]);
});
