import { sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { freshDatabase } from '../support/scenario-databases.js';
import type { ScenarioDatabase } from '../support/scenario-databases.js';
import type { SourceName } from '../support/scenario.js';
import { countsOf, tsmoltVerify } from '../support/verify.js';

let standIn: CockroachStandIn;
const opened: ScenarioDatabase[] = [];
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop();
});

async function fresh(product: SourceName): Promise<ScenarioDatabase> {
  const database = await freshDatabase(product, standIn);
  opened.push(database);
  return database;
}

async function rowsOf(url: string, statement: string): Promise<{ id: string; v: string }[]> {
  const client = await mysqlDialect.connect(url);
  try {
    return await client.query<{ id: string; v: string }>(statement);
  } finally {
    await client.end();
  }
}

test('columns that cannot be hashed alike are compared in tables of every kind of key', async () => {
  const [source, target] = [await fresh('PostgreSQL'), await fresh('CockroachDB stand-in')];
  const rows = [
    `INSERT INTO no_key VALUES ('a', 1.5), ('a', 1.5), ('b', 0.1), ('b', NULL)`,
    `INSERT INTO float_key VALUES (0.5, 'x'), (1e20, 'y'), (-3, 'z')`,
    `INSERT INTO only_floats VALUES (1), (1), (2)`,
    `INSERT INTO decimal_key SELECT i / 8.0, i / 16.0 FROM generate_series(1, 3000) i`,
  ];
  const create = (float: string, decimal: string): string[] => [
    `CREATE TABLE no_key (v text, f ${float})`,
    `CREATE TABLE float_key (k ${float} PRIMARY KEY, v text)`,
    `CREATE TABLE only_floats (f ${float})`,
    `CREATE TABLE decimal_key (k ${decimal} PRIMARY KEY, v ${decimal})`,
  ];
  await source.run([...create('float8', 'numeric(20,6)'), ...rows, 'ANALYZE']);
  await target.run([...create('FLOAT8', 'DECIMAL(20,10)'), ...rows]);
  const equal = await tsmoltVerify(source.url, target.url, '--row-batch-size', '100');
  expect(equal.exitCode, equal.stdout).toBe(0);
  expect(countsOf(equal, 'decimal_key')).toEqual({ truth_rows: 3000, success: 3000 });
  await target.run([
    `UPDATE no_key SET f = 0.2 WHERE f = 0.1`,
    `UPDATE float_key SET k = 0.25 WHERE k = 0.5`,
    `UPDATE float_key SET v = 'other' WHERE k = 1e20`,
    `UPDATE only_floats SET f = 3 WHERE f = 2`,
    `UPDATE decimal_key SET v = v + 0.0000000001 WHERE k = 250`,
  ]);
  const different = await tsmoltVerify(source.url, target.url, '--row-batch-size', '100');
  expect(different.exitCode, different.failure).toBe(1);
  expect(countsOf(different, 'no_key')).toEqual({ truth_rows: 4, success: 3, missing: 1, extraneous: 1 });
  expect(countsOf(different, 'float_key')).toEqual({
    truth_rows: 3,
    success: 1,
    missing: 1,
    mismatch: 1,
    extraneous: 1,
  });
  expect(countsOf(different, 'only_floats')).toEqual({
    truth_rows: 3,
    success: 2,
    missing: 1,
    extraneous: 1,
  });
  expect(countsOf(different, 'decimal_key')).toEqual({ truth_rows: 3000, success: 2999, mismatch: 1 });
});

test('a table that is read whole is read in shares', async () => {
  const [source, target] = [await fresh('PostgreSQL'), await fresh('CockroachDB stand-in')];
  const fill = `INSERT INTO t SELECT 'k' || i, i / 7.0 FROM generate_series(1, 120000) i`;
  await source.run(['CREATE TABLE t (k text PRIMARY KEY, f float8)', fill]);
  await target.run(['CREATE TABLE t (k STRING PRIMARY KEY, f FLOAT8)', fill]);
  await target.run([`UPDATE t SET f = 0 WHERE k = 'k77'`, `DELETE FROM t WHERE k = 'k99'`]);
  const run = await tsmoltVerify(source.url, target.url);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 120_000, success: 119_998, missing: 1, mismatch: 1 });
});

test.each<[SourceName, string, string, string]>([
  ['MariaDB', 'uuid', 'uuid', 'UUID()'],
  ['MySQL', 'bigint unsigned', 'numeric(20,0)', '18446744073709551615 - n'],
])(
  'keys of %s that are %s are equal to those that are %s, whatever their order',
  async (product, own, other, key) => {
    const [source, target] = [await fresh(product), await fresh('PostgreSQL')];
    const digits = '(SELECT 0 n UNION SELECT 1 UNION SELECT 2 UNION SELECT 3 UNION SELECT 4)';
    const numbers = `(SELECT a.n + 5 * b.n + 25 * c.n + 125 * d.n AS n FROM ${digits} a, ${digits} b, ${digits} c, ${digits} d)`;
    await source.run([
      `CREATE TABLE t (id ${own} PRIMARY KEY, v int)`,
      `INSERT INTO t SELECT ${key}, n FROM ${numbers} numbers`,
      'ANALYZE TABLE t',
    ]);
    const keys = await rowsOf(source.url, 'SELECT CONCAT(id) AS id, CONCAT(v) AS v FROM t');
    await target.run([
      `CREATE TABLE t (id ${other} PRIMARY KEY, v int)`,
      `INSERT INTO t VALUES ${keys.map(({ id, v }) => `('${id}', ${v})`).join(', ')}`,
    ]);
    const run = await tsmoltVerify(source.url, target.url, '--row-batch-size', '50');
    expect(run.exitCode, run.stdout).toBe(0);
    expect(countsOf(run, 't')).toEqual({ truth_rows: 625, success: 625 });
  },
);
