import { Readable } from 'node:stream';
import { nameFilter, sameCanonicalText } from '@tsmolt/core';
import type { Database, Table } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, mysqlEdgeTypes, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, openOptions, parsed } from './databases.js';
import { exported, never, openSnapshot } from './exported.js';

let target: TestDatabase;
let postgres: Database;
beforeAll(async () => {
  target = await createDatabase(await sharedServer('postgres18'));
  postgres = openPostgres(await identify(parsed(target.url), openOptions), openOptions);
});
afterAll(async () => {
  await postgres.close();
  await target.drop();
});

async function copied(name: string, type: string, data: Buffer): Promise<Table> {
  await runSql(target.url, `CREATE TABLE ${name} (id int PRIMARY KEY, v ${type})`);
  const request = { table: { schema: 'public', table: name }, columns: ['id', 'v'], signal: never };
  await postgres.bulkTarget?.copyIn({ ...request, format: 'csv' }, Readable.from([data]));
  const [table] = await postgres.catalog.tables(nameFilter({ table: `^${name}$` }));
  if (table === undefined) throw new Error(`no table ${name} in PostgreSQL`);
  return table;
}

describe.each([
  ['mysql', 'sha256'],
  ['mariadb', 'sha256'],
  ['mariadb', 'md5'],
] as const)('the digests of %s by %s', (product, algorithm) => {
  test('are those of PostgreSQL for the same rows, whatever the type', async () => {
    const types = mysqlEdgeTypes.filter(({ only }) => only === undefined || only === product);
    const made = types.flatMap(({ type, values }, index) => [
      `CREATE TABLE edge_${index} (id int PRIMARY KEY, v ${type})`,
      ...[...values.map(({ sql }) => sql), 'NULL'].map(
        (sql, id) => `INSERT INTO edge_${index} VALUES (${id}, ${sql})`,
      ),
    ]);
    await using source = await openDatabase(product, ...made);
    const snapshot = await openSnapshot(source.database);
    const compared = new Set<string>();
    for (const [index, { type, target: targetType, values }] of types.entries()) {
      const table = await source.table(`edge_${index}`);
      const columns = table.columns.map((column) => ({ name: column.name, type: column.type }));
      const { data } = await exported(snapshot, table);
      const copy = await copied(`${product}_${algorithm}_${index}`, targetType, data);
      const comparable = table.columns.every(
        (column, place) =>
          snapshot.rowHasher.canHash(column.type) &&
          sameCanonicalText(column.type, copy.columns[place]?.type ?? { kind: 'native', name: '' }),
      );
      if (!comparable) continue;
      compared.add(table.columns[1]?.type.kind ?? '');
      const request = { columns, algorithm, signal: never };
      const here = await snapshot.rowHasher.hashRows({ ...request, table });
      expect(here.rows, type).toBe(BigInt(values.length + 1));
      expect(await postgres.rowHasher?.hashRows({ ...request, table: copy }), type).toEqual(here);
    }
    const own = product === 'mariadb' ? ['inet', 'uuid'] : [];
    const everywhere = ['bit', 'bytes', 'date', 'decimal', 'integer', 'string', 'time', 'timestamp'];
    expect([...compared]).toEqual(expect.arrayContaining([...everywhere, ...own]));
  });
});

describe.each(['mysql', 'mariadb'] as const)('a digest of %s', (product) => {
  test('shows the values that the export replaces', async () => {
    await using source = await openDatabase(
      product,
      `SET SESSION sql_mode = ''`,
      'CREATE TABLE t (id int PRIMARY KEY, d date)',
      `INSERT INTO t VALUES (1, '0000-00-00'), (2, '2024-01-01')`,
      'CREATE TABLE u (id int PRIMARY KEY, d date)',
      `INSERT INTO u VALUES (1, '0001-01-01'), (2, '2024-01-01')`,
      'CREATE TABLE n (id int PRIMARY KEY, d date)',
      `INSERT INTO n VALUES (1, NULL), (2, '2024-01-01')`,
    );
    const algorithm = 'sha256';
    const digest = async (policy: 'null' | 'clamp', name: string): Promise<unknown> => {
      const table = await source.table(name);
      const snapshot = await openSnapshot(source.database, { unrepresentable: policy, maxConnections: 1 });
      const found = await snapshot.rowHasher.hashRows({
        table,
        columns: table.columns,
        algorithm,
        signal: never,
      });
      await snapshot.close('complete');
      return found;
    };
    expect(await digest('clamp', 't')).toEqual(await digest('clamp', 'u'));
    expect(await digest('null', 't')).toEqual(await digest('null', 'n'));
  });
});
