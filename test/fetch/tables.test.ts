import { runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { tsmoltFetch } from '../support/tsmolt.js';
import { printedRows, twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();
const recreate = ['--direct-copy', '--table-handling', 'drop-on-target-and-recreate', '--checksum'];

async function expectEqual(...tables: string[]): Promise<void> {
  for (const table of tables) {
    expect(await printedRows(databases.target, table), table).toEqual(
      await printedRows(databases.source, table),
    );
  }
}

test('every kind of table arrives: keys of all sorts, none, partitions, inheritance, generated columns, empty, odd names', async () => {
  await runSql(
    databases.source,
    'CREATE SCHEMA "Mixed Case"',
    'CREATE TABLE "Mixed Case"."Quoted ""Table""" ("Id" int PRIMARY KEY, "select" text, "ümlaut" text)',
    `INSERT INTO "Mixed Case"."Quoted ""Table""" SELECT i, 'x', 'ü' FROM generate_series(1, 50) i`,
    'CREATE TABLE text_key (code text PRIMARY KEY, n int)',
    `INSERT INTO text_key SELECT md5(i::text), i FROM generate_series(1, 30000) i`,
    'CREATE TABLE uuid_key (id uuid PRIMARY KEY, n int)',
    `INSERT INTO uuid_key SELECT md5(i::text)::uuid, i FROM generate_series(1, 30000) i`,
    'CREATE TABLE float_key (id float8 PRIMARY KEY)',
    `INSERT INTO float_key SELECT i / 7.0 FROM generate_series(-1000, 30000) i`,
    `INSERT INTO float_key VALUES ('NaN'), ('Infinity'), ('-Infinity')`,
    'CREATE TABLE composite_key (a text, b int, c date, PRIMARY KEY (a, b, c))',
    `INSERT INTO composite_key SELECT 'k' || i % 10, i, 'epoch'::date + i FROM generate_series(1, 30000) i`,
    'CREATE TABLE no_key (v text)',
    `INSERT INTO no_key SELECT 'same' FROM generate_series(1, 30000)`,
    'CREATE TABLE empty_table (id int PRIMARY KEY)',
    'CREATE TABLE no_columns ()',
    'INSERT INTO no_columns DEFAULT VALUES',
    'CREATE TABLE measured (id int, at date, PRIMARY KEY (id, at)) PARTITION BY RANGE (at)',
    `CREATE TABLE measured_2024 PARTITION OF measured FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')`,
    `CREATE TABLE measured_rest PARTITION OF measured DEFAULT`,
    `INSERT INTO measured SELECT i, '2024-06-01'::date + i FROM generate_series(1, 30000) i`,
    'CREATE TABLE parent (id int PRIMARY KEY, v text)',
    'CREATE TABLE child (extra text, PRIMARY KEY (id)) INHERITS (parent)',
    `INSERT INTO parent VALUES (1, 'of the parent')`,
    `INSERT INTO child VALUES (2, 'of the child', 'more')`,
    'CREATE TABLE generated (id int PRIMARY KEY, stored int GENERATED ALWAYS AS (id * 2) STORED, virtual int GENERATED ALWAYS AS (id * 3) VIRTUAL)',
    'INSERT INTO generated (id) SELECT generate_series(1, 10)',
    'CREATE VIEW looked_at AS SELECT * FROM parent',
    'CREATE MATERIALIZED VIEW kept AS SELECT * FROM parent',
    'CREATE UNLOGGED TABLE unlogged (id int PRIMARY KEY)',
    'INSERT INTO unlogged VALUES (1)',
    'ANALYZE',
  );
  const run = await tsmoltFetch(databases.source, databases.target, ...recreate, '--row-batch-size', '4000');
  expect(run.exitCode, run.failure).toBe(0);
  expect(run.line('fetch complete')['tables']).toEqual([
    'Mixed Case.Quoted "Table"', 'public.child', 'public.composite_key', 'public.empty_table', 'public.float_key',
    'public.generated', 'public.measured', 'public.no_columns', 'public.no_key', 'public.parent', 'public.text_key',
    'public.unlogged', 'public.uuid_key',
  ]); // prettier-ignore
  await expectEqual(
    '"Mixed Case"."Quoted ""Table"""', 'text_key', 'uuid_key', 'float_key', 'composite_key', 'no_key', 'empty_table',
    'no_columns', 'measured', 'child', 'generated', 'unlogged',
  ); // prettier-ignore
  // A parent of old-style inheritance shows its children's rows: on the target there are two tables.
  expect(await printedRows(databases.target, 'parent')).toEqual(
    await printedRows(databases.source, 'ONLY parent'),
  );
});

test('statistics cut a text key into shards, and a table without statistics says why it was cut otherwise', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE analyzed (code text PRIMARY KEY)',
    `INSERT INTO analyzed SELECT md5(i::text) FROM generate_series(1, 20000) i`,
    'ANALYZE analyzed',
    'CREATE TABLE fresh (code text PRIMARY KEY)',
    `INSERT INTO fresh SELECT md5(i::text) FROM generate_series(1, 20000) i`,
  );
  const run = await tsmoltFetch(
    databases.source,
    databases.target,
    ...recreate,
    '--use-stats-based-sharding',
    '--export-concurrency',
    '6',
  );
  expect(run.exitCode, run.failure).toBe(0);
  expect(run.line('Stats based sharding enabled for table public.analyzed')).toMatchObject({ num_shards: 6 });
  expect(
    run.line(/failed to shard table public.fresh using stats based sharding: .*ANALYZE.*falling back/),
  ).toMatchObject({ level: 'warn' });
  await expectEqual('analyzed', 'fresh');
});

test('names that differ by case meet, unless case matters', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE "Orders" ("Id" int PRIMARY KEY, "Total" int)',
    'INSERT INTO "Orders" VALUES (1, 10)',
  );
  await runSql(databases.target, 'CREATE TABLE orders (id int PRIMARY KEY, total int)');
  const sensitive = await tsmoltFetch(
    databases.source,
    databases.target,
    '--direct-copy',
    '--case-sensitive',
  );
  expect(sensitive.exitCode).toBe(1);
  expect(sensitive.line(/^Error/).message).toContain('public.Orders does not exist on the target');
  const folded = await tsmoltFetch(
    databases.source,
    databases.target,
    '--direct-copy',
    '--case-sensitive=false',
    '--checksum',
  );
  expect(folded.exitCode, folded.failure).toBe(0);
  expect(await printedRows(databases.target, 'orders')).toEqual(['(1,10)']);
});

test('foreign keys that the target enforces decide the order; a key into its own table is loaded in one piece', async () => {
  const schema = [
    'CREATE TABLE a_items (id int PRIMARY KEY, order_id int)',
    'CREATE TABLE z_orders (id int PRIMARY KEY)',
    'CREATE TABLE staff (id int PRIMARY KEY, boss int)',
  ];
  await runSql(
    databases.source,
    ...schema,
    'INSERT INTO z_orders SELECT generate_series(1, 20000)',
    'INSERT INTO a_items SELECT i, i FROM generate_series(1, 20000) i',
    // Every row refers to one that comes much later.
    'INSERT INTO staff SELECT i, 20001 - i FROM generate_series(1, 20000) i',
    'ANALYZE',
  );
  await runSql(
    databases.target,
    ...schema,
    'ALTER TABLE a_items ADD FOREIGN KEY (order_id) REFERENCES z_orders',
    'ALTER TABLE staff ADD FOREIGN KEY (boss) REFERENCES staff',
  );
  const run = await tsmoltFetch(
    databases.source,
    databases.target,
    '--direct-copy',
    '--checksum',
    '--row-batch-size',
    '2000',
  );
  expect(run.exitCode, run.failure).toBe(0);
  await expectEqual('a_items', 'z_orders', 'staff');
  const again = await tsmoltFetch(
    databases.source,
    databases.target,
    '--direct-copy',
    '--checksum',
    '--table-handling',
    'truncate-if-exists',
  );
  expect(again.exitCode, again.failure).toBe(0);

  await runSql(
    databases.target,
    'TRUNCATE a_items, z_orders, staff',
    'ALTER TABLE z_orders ADD FOREIGN KEY (id) REFERENCES a_items',
  );
  await runSql(databases.target, 'INSERT INTO staff VALUES (1, 1)');
  const circle = await tsmoltFetch(
    databases.source,
    databases.target,
    '--direct-copy',
    '--table-handling',
    'truncate-if-exists',
  );
  // Found before anything is emptied.
  expect(await printedRows(databases.target, 'staff')).toEqual(['(1,1)']);
  expect(circle.exitCode).toBe(1);
  expect(circle.line(/^Error/)).toMatchObject({
    code: 'TSM3007',
    message: expect.stringContaining('public.a_items, public.z_orders'),
  });
});

test('values of ten megabytes pass', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE huge (id int PRIMARY KEY, v text, b bytea)',
    `INSERT INTO huge SELECT i, repeat(chr(64 + i), 10000000), decode(repeat('00ff', 5000000), 'hex') FROM generate_series(1, 4) i`,
  );
  const run = await tsmoltFetch(databases.source, databases.target, ...recreate);
  expect(run.exitCode, run.failure).toBe(0);
  expect(run.line('data import on target for table complete')).toMatchObject({
    num_rows: 4,
    checksum_equal: true,
  });
});

test('--skip-pk-check lets tables without a key into existing tables, unsharded, and says so', async () => {
  const create = 'CREATE TABLE nopktbl (v int)';
  await runSql(
    databases.source,
    create,
    'INSERT INTO nopktbl SELECT i % 100 FROM generate_series(1, 30000) i',
    'ANALYZE nopktbl',
  );
  await runSql(databases.target, create);
  const run = await tsmoltFetch(
    databases.source, databases.target, '--direct-copy', '--skip-pk-check', '--checksum', '--row-batch-size', '1000',
  ); // prettier-ignore
  expect(run.exitCode, run.failure).toBe(0);
  expect(
    run.line(
      'sharding is skipped for table public.nopktbl - flag skip-pk-check is specified and thus no PK for source table is specified',
    ).level,
  ).toBe('info');
  expect(run.line('data import on target for table complete')).toMatchObject({
    num_rows: 30_000,
    num_shards: 1,
  });
});
