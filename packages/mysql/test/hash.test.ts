import { Readable } from 'node:stream';
import { nameFilter, sameCanonicalText } from '@tsmolt/core';
import type { Database, RowHasher, Table } from '@tsmolt/core';
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

async function tablesOf(database: Database, filter: string): Promise<ReadonlyMap<string, Table>> {
  const tables = await database.catalog.tables(nameFilter({ table: filter }));
  return new Map(tables.map((table) => [table.name.table, table]));
}

async function load(name: string, data: Buffer): Promise<void> {
  const request = { table: { schema: 'public', table: name }, columns: ['id', 'v'], signal: never };
  await postgres.bulkTarget?.copyIn({ ...request, format: 'csv' }, Readable.from([data]));
}

/** Whether the values of all columns are printed alike, so that digests can be compared. */
function comparable(table: Table, copy: Table, hasher: RowHasher): boolean {
  return table.columns.every(
    ({ type }, place) =>
      hasher.canHash(type) &&
      sameCanonicalText(type, copy.columns[place]?.type ?? { kind: 'native', name: '' }),
  );
}

describe.each([
  ['mysql', 'sha256'],
  ['mariadb', 'sha256'],
  ['mariadb', 'md5'],
] as const)('the digests of %s by %s', (product, algorithm) => {
  test('are those of PostgreSQL for the same rows, whatever the type', async () => {
    const types = mysqlEdgeTypes.filter(({ only }) => only === undefined || only === product);
    const names = types.map((_, index) => `${product}_${algorithm}_${index}`);
    const made = types.flatMap(({ type, values }, index) => {
      const rows = [...values.map(({ sql }) => sql), 'NULL'].map((sql, id) => `(${id}, ${sql})`).join(', ');
      return [
        `CREATE TABLE ${names[index]} (id int PRIMARY KEY, v ${type})`,
        `INSERT INTO ${names[index]} VALUES ${rows}`,
      ];
    });
    await using source = await openDatabase(product, ...made);
    await runSql(
      target.url,
      ...types.map((type, index) => `CREATE TABLE ${names[index]} (id int PRIMARY KEY, v ${type.target})`),
    );
    const tables = await tablesOf(source.database, '.*');
    const copies = await tablesOf(postgres, '.*');
    await using snapshot = await openSnapshot(source.database);
    const compared = new Set<string>();
    for (const name of names) {
      const [table, copy] = [tables.get(name), copies.get(name)];
      if (table === undefined || copy === undefined) throw new Error(`no table ${name}`);
      if (!comparable(table, copy, snapshot.rowHasher)) continue;
      const { data, rows } = await exported(snapshot, table);
      await load(name, data);
      const request = { columns: table.columns, algorithm, signal: never };
      const here = await snapshot.rowHasher.hashRows({ ...request, table });
      const place = table.columns[1]?.nativeType;
      expect(here.rows, place).toBe(BigInt(rows));
      expect(await postgres.rowHasher?.hashRows({ ...request, table: copy }), place).toEqual(here);
      compared.add(table.columns[1]?.type.kind ?? '');
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
      await using snapshot = await openSnapshot(source.database, {
        unrepresentable: policy,
        maxConnections: 1,
      });
      const found = await snapshot.rowHasher.hashRows({
        table,
        columns: table.columns,
        algorithm,
        signal: never,
      });
      return found;
    };
    expect(await digest('clamp', 't')).toEqual(await digest('clamp', 'u'));
    expect(await digest('null', 't')).toEqual(await digest('null', 'n'));
  });
});
