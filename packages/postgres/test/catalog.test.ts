import { randomBytes } from 'node:crypto';
import { ConnectionUrl, nameFilter, silentLogger } from '@tsmolt/core';
import type { Database, Table } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const options = {
  allowUnencrypted: true,
  applicationName: 'catalog',
  maxConnections: 2,
  logger: silentLogger(),
};

async function open(url: string): Promise<Database> {
  return openPostgres(await identify(ConnectionUrl.parse(url, '--source'), options), options);
}

/** What only PostgreSQL has; what all catalogs promise is in the contract. */
describe.each(['postgres18', 'postgres15'] as const)('the catalog of %s', (server) => {
  let created: TestDatabase;
  let database: Database;
  beforeAll(async () => {
    created = await createDatabase(await sharedServer(server));
    database = await open(created.url);
  });
  afterAll(async () => {
    await database.close();
    await created.drop();
  });
  const tables = (pattern = '.*'): Promise<Table[]> =>
    database.catalog.tables(nameFilter({ table: pattern }));

  test('lists a partitioned table once, however deep, with the size of its partitions', async () => {
    await runSql(
      created.url,
      'CREATE TABLE part (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)',
      `CREATE TABLE part_old PARTITION OF part FOR VALUES FROM (MINVALUE) TO ('2024-01-01') PARTITION BY HASH (id)`,
      'CREATE TABLE part_old_0 PARTITION OF part_old FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
      'CREATE TABLE part_new PARTITION OF part DEFAULT',
      `INSERT INTO part SELECT i, '2023-12-01'::date + i FROM generate_series(1, 1000) i`,
      'ANALYZE part',
    );
    const [part, ...others] = await tables('^part');
    expect(others).toEqual([]);
    expect(part).toMatchObject({ partitioned: true, estimate: { rows: 1000 } });
  });

  test('leaves out temporary tables, foreign tables, materialized views and what extensions brought', async () => {
    await runSql(
      created.url,
      'CREATE EXTENSION postgres_fdw',
      'CREATE SERVER away FOREIGN DATA WRAPPER postgres_fdw',
      'CREATE FOREIGN TABLE odd_foreign (id int) SERVER away',
      'CREATE MATERIALIZED VIEW odd_kept AS SELECT 1 AS id',
      'CREATE UNLOGGED TABLE odd_unlogged (id int)',
      'CREATE TABLE odd_parent (id int)',
      'CREATE TABLE odd_child (more int) INHERITS (odd_parent)',
    ).catch((error: unknown) => {
      // Small installations come without the extension.
      if (!/postgres_fdw|extension/.test(String(error))) throw error;
    });
    await runSql(created.url, 'CREATE TEMP TABLE odd_temporary (id int)');
    const listed = (await tables('^odd_')).map(({ name }) => name.table);
    expect(listed.filter((name) => /foreign|kept|temporary/.test(name))).toEqual([]);
  });

  test('lists what the user may not read as a whole, and says so', async () => {
    const role = `r_${randomBytes(5).toString('hex')}`;
    await runSql(
      created.url,
      'CREATE TABLE may_whole (a int, b int)',
      'CREATE TABLE may_column (a int, b int)',
      'CREATE TABLE may_not (a int, b int)',
      'CREATE SCHEMA hidden',
      'CREATE TABLE hidden.may_not_enter (a int)',
      `CREATE ROLE ${role} LOGIN PASSWORD 'x'`,
      `GRANT SELECT ON may_whole, hidden.may_not_enter TO ${role}`,
      `GRANT SELECT (a) ON may_column TO ${role}`,
    );
    const url = new URL(created.url);
    url.username = role;
    url.password = 'x';
    const limited = await open(url.href);
    const listed = await limited.catalog.tables(nameFilter({ table: '^may_' }));
    await limited.close();
    expect(listed.map(({ name, readable, columns }) => [name.table, readable, columns.length])).toEqual([
      ['may_not_enter', false, 1],
      ['may_column', false, 2],
      ['may_not', false, 2],
      ['may_whole', true, 2],
    ]);
    await runSql(created.url, `DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });

  test('knows domains, composites and types that it has no logical meaning for', async () => {
    await runSql(
      created.url,
      'CREATE DOMAIN email AS varchar(80) NOT NULL',
      'CREATE TYPE pair AS (a int, b text)',
      'CREATE TABLE typed (mail email, both_of pair, cash money, code char(4), bits bit(3), scale numeric(5,2), n numeric)',
    );
    const [typed] = await tables('^typed$');
    expect(typed?.columns.map(({ type }) => type)).toMatchObject([
      { kind: 'domain', schema: 'public', name: 'email', base: { kind: 'string', maxLength: 80 } },
      { kind: 'composite', name: 'pair', fields: [{ name: 'a', type: { kind: 'integer' } }, { name: 'b' }] },
      { kind: 'native', name: 'money' },
      { kind: 'string', padded: true, maxLength: 4 },
      { kind: 'bit', varying: false, length: 3 },
      { kind: 'decimal', precision: 5, scale: 2 },
      { kind: 'decimal' },
    ]);
    expect(typed?.columns[0]?.nullable, 'the domain refuses NULL').toBe(false);
  });
});
