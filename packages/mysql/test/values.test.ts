import { Readable } from 'node:stream';
import { copyIn, identify, SessionPool } from '@tsmolt/pgwire';
import { createDatabase, mysqlEdgeTypes, runSql, sharedServer } from '@tsmolt/testkit';
import type { MysqlEdgeType, TestDatabase } from '@tsmolt/testkit';
import type { CopyFormat } from '@tsmolt/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase, openOptions, parsed } from './databases.js';
import type { OpenedDatabase } from './databases.js';
import { exported, never, openSnapshot } from './exported.js';

let target: TestDatabase;
let pool: SessionPool;
beforeAll(async () => {
  target = await createDatabase(await sharedServer('postgres18'));
  const { url, config } = await identify(parsed(target.url), openOptions);
  pool = new SessionPool({ url, config, maxConnections: 1, prepare: () => Promise.resolve() });
});
afterAll(async () => {
  await pool.close();
  await target.drop();
});

const copyOptions: Partial<Record<CopyFormat, string>> = {
  csv: 'FORMAT csv',
  'csv-marked-null': `FORMAT csv, NULL '\\N'`,
};

/** @returns the rows that PostgreSQL took */
function load(table: string, data: Buffer, format: CopyFormat): Promise<number> {
  const sql = `COPY ${table} FROM STDIN (${copyOptions[format] ?? ''})`;
  const url = parsed(target.url);
  return copyIn({ pool, url, sql, subject: 'loading', signal: never }, Readable.from([data]));
}

const withNull = (type: MysqlEdgeType): (string | null)[] => [...type.values.map(({ text }) => text), null];

describe.each(['mysql', 'mariadb'] as const)('the values of %s', (product) => {
  const types = mysqlEdgeTypes.filter(({ only }) => only === undefined || only === product);
  let source: OpenedDatabase;
  beforeAll(async () => {
    source = await openDatabase(product);
  });
  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  test.each(types)('of type $type reach PostgreSQL as they are', async (type) => {
    const values = [...type.values.map(({ sql }) => sql), 'NULL'];
    await source.sql(
      'DROP TABLE IF EXISTS edge',
      `CREATE TABLE edge (id int PRIMARY KEY, v ${type.type})`,
      `INSERT INTO edge VALUES ${values.map((sql, id) => `(${id}, ${sql})`).join(', ')}`,
    );
    const table = await source.table('edge');
    await using snapshot = await openSnapshot(source.database, { maxConnections: 1 });
    for (const format of snapshot.exportFormats) {
      await runSql(
        target.url,
        'DROP TABLE IF EXISTS edge',
        `CREATE TABLE edge (id int PRIMARY KEY, v ${type.target})`,
      );
      const { data, rows } = await exported(snapshot, table, { format });
      expect(rows, format).toBe(values.length);
      expect(await load('edge', data, format), format).toBe(rows);
      const query = 'SELECT v::text AS v FROM edge ORDER BY id';
      const loaded = await runSql<{ v: string | null }>(target.url, 'SET timezone = UTC', query);
      expect(
        loaded.map(({ v }) => v),
        format,
      ).toEqual(withNull(type));
    }
  });
});
