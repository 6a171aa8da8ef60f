import { runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, tsmoltVerify } from '../support/verify.js';

const urls = twoDatabases();

async function databases(source: readonly string[], target: readonly string[]): Promise<void> {
  await runSql(urls.source, 'CREATE TABLE same (id int PRIMARY KEY)', ...source);
  await runSql(urls.target, 'CREATE TABLE same (id int PRIMARY KEY)', ...target);
}

test('missing and extraneous tables are named; a missing one makes the databases differ, an extraneous one does not', async () => {
  await databases([], ['CREATE TABLE extra (id int PRIMARY KEY)']);
  const extra = await tsmoltVerify(urls.source, urls.target);
  expect(extra.exitCode, extra.failure).toBe(0);
  expect(extra.line(/^extraneous table/)).toMatchObject({ level: 'warn', table: 'public.extra' });
  await runSql(urls.source, 'CREATE TABLE lost (id int PRIMARY KEY)');
  const missing = await tsmoltVerify(urls.source, urls.target);
  expect(missing.exitCode, missing.failure).toBe(1);
  expect(missing.line(/lost does not exist/)).toMatchObject({
    mismatch_tag: 'missing table',
    table: 'public.lost',
  });
});

test('a column whose types cannot be compared makes success conditional', async () => {
  await databases(
    [
      'CREATE TABLE t (id int PRIMARY KEY, u int, v text)',
      `INSERT INTO t VALUES (1, 1, 'a'), (2, 2, 'b'), (3, 3, 'c')`,
    ],
    [
      'CREATE TABLE t (id int PRIMARY KEY, u uuid, v text)',
      `INSERT INTO t VALUES (1, gen_random_uuid(), 'a'), (2, NULL, 'b'), (3, NULL, 'other')`,
    ],
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({
    truth_rows: 3,
    conditional_success: 2,
    mismatch: 1,
    column_mismatch: 1,
  });
  expect(run.line(/^column u is left out/)).toMatchObject({ mismatch_tag: 'type mismatch', column: 'u' });
});

test('a composite type whose attributes have another order cannot be compared', async () => {
  await databases(
    [
      'CREATE TYPE pair AS (a int, b int)',
      'CREATE TABLE t (id int PRIMARY KEY, v pair)',
      `INSERT INTO t VALUES (1, '(1,2)')`,
    ],
    [
      'CREATE TYPE pair AS (b int, a int)',
      'CREATE TABLE t (id int PRIMARY KEY, v pair)',
      `INSERT INTO t VALUES (1, '(1,2)')`,
    ],
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toMatchObject({ conditional_success: 1, column_mismatch: 1 });
  expect(
    run.line(/attributes \(a integer, b integer\) on the source and .* \(b integer, a integer\)/),
  ).toMatchObject({
    mismatch_tag: 'type mismatch',
    column: 'v',
  });
});

test.each<[string, string, string, { exitCode: number; line: Record<string, unknown> }]>([
  [
    'another primary key',
    'CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL)',
    'CREATE TABLE t (id int NOT NULL, v int PRIMARY KEY)',
    { exitCode: 0, line: { mismatch_tag: 'primary key mismatch', table: 'public.t' } },
  ],
  [
    'another collation of a text key',
    'CREATE TABLE t (id text PRIMARY KEY, v int)',
    'CREATE TABLE t (id text COLLATE "de-x-icu" PRIMARY KEY, v int)',
    { exitCode: 0, line: { mismatch_tag: 'collation mismatch', column: 'id' } },
  ],
  [
    'a column less on the target',
    'CREATE TABLE t (id int PRIMARY KEY, v int, gone int)',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    { exitCode: 1, line: { mismatch_tag: 'missing column on target', column: 'gone' } },
  ],
  [
    'a column more on the target',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    'CREATE TABLE t (id int PRIMARY KEY, v int, more int)',
    { exitCode: 0, line: { mismatch_tag: 'extraneous column on target', column: 'more' } },
  ],
  [
    'NULL allowed on one side',
    'CREATE TABLE t (id int PRIMARY KEY, v int NOT NULL)',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    { exitCode: 0, line: { mismatch_tag: 'nullability mismatch', column: 'v' } },
  ],
  [
    'a check on the target only',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    'CREATE TABLE t (id int PRIMARY KEY, v int CONSTRAINT positive CHECK (v > 0))',
    { exitCode: 0, line: { mismatch_tag: 'constraint on target only', table: 'public.t' } },
  ],
  [
    'a check on the source only',
    'CREATE TABLE t (id int PRIMARY KEY, v int CONSTRAINT positive CHECK (v > 0))',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    { exitCode: 0, line: { mismatch_tag: 'constraint on source only', table: 'public.t' } },
  ],
  [
    'a unique key on the source only, although the target has another one',
    'CREATE TABLE t (id int PRIMARY KEY, v int UNIQUE, w int)',
    'CREATE TABLE t (id int PRIMARY KEY, v int, w int UNIQUE)',
    {
      exitCode: 0,
      line: {
        mismatch_tag: 'constraint on source only',
        message: 'public.t has UNIQUE (v) on the source only',
      },
    },
  ],
  [
    'a foreign key on the source only',
    'CREATE TABLE t (id int PRIMARY KEY, v int REFERENCES t)',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    {
      exitCode: 0,
      line: {
        mismatch_tag: 'constraint on source only',
        message: 'public.t has FOREIGN KEY (v) on the source only',
      },
    },
  ],
  [
    'a unique key on the target only',
    'CREATE TABLE t (id int PRIMARY KEY, v int)',
    'CREATE TABLE t (id int PRIMARY KEY, v int UNIQUE)',
    { exitCode: 0, line: { mismatch_tag: 'constraint on target only', table: 'public.t' } },
  ],
])(
  '%s is said, and the rows are compared all the same',
  async (_what, source, target, { exitCode, line }) => {
    const rows = `INSERT INTO t (id, v) VALUES ('1', 1), ('2', 2)`;
    await databases([source, rows], [target, rows]);
    const run = await tsmoltVerify(urls.source, urls.target, '--table-filter', '^t$');
    expect(run.exitCode, run.failure).toBe(exitCode);
    expect(run.log).toContainEqual(expect.objectContaining({ level: 'warn', ...line }));
    expect(countsOf(run, 't')).toMatchObject({ truth_rows: 2, success: 2 });
  },
);

test('columns that were dropped are no part of the comparison, wherever they stood', async () => {
  await databases(
    [
      'CREATE TABLE t (gone text, id int PRIMARY KEY, v text)',
      `INSERT INTO t VALUES ('x', 1, 'a'), ('y', 2, 'b')`,
      'ALTER TABLE t DROP COLUMN gone',
    ],
    ['CREATE TABLE t (v text, id int PRIMARY KEY)', `INSERT INTO t VALUES ('a', 1), ('c', 2)`],
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 2, success: 1, mismatch: 1 });
  expect(run.line('mismatching row')).toMatchObject({
    primary_key: { id: '2' },
    columns: [{ name: 'v', source: 'b', target: 'c' }],
  });
});

test('labels of enums are compared as what they say, in whatever order they were declared', async () => {
  const rows = `INSERT INTO t VALUES ('a', 'a'), ('b', NULL)`;
  await databases(
    [`CREATE TYPE e AS ENUM ('a', 'b', 'c')`, 'CREATE TABLE t (id e PRIMARY KEY, v e)', rows, `INSERT INTO t VALUES ('c', 'b')`], // prettier-ignore
    [`CREATE TYPE e AS ENUM ('c', 'b', 'a')`, 'CREATE TABLE t (id e PRIMARY KEY, v e)', rows, `INSERT INTO t VALUES ('c', 'c')`], // prettier-ignore
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 3, success: 2, mismatch: 1 });
  expect(run.line('mismatching row')).toMatchObject({ primary_key: { id: 'c' } });
});

test('names meet without regard to case, unless it counts', async () => {
  await databases(
    ['CREATE TABLE "Orders" ("Id" int PRIMARY KEY, "Total" int)', 'INSERT INTO "Orders" VALUES (1, 5)'],
    ['CREATE TABLE orders (id int PRIMARY KEY, total int)', 'INSERT INTO orders VALUES (1, 5)'],
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 'Orders')).toEqual({ truth_rows: 1, success: 1 });
  const strict = await tsmoltVerify(urls.source, urls.target, '--case-sensitive');
  expect(strict.exitCode).toBe(1);
});

test('what cannot be told ends with 2: no such table, no such server, a filter that is no SQL', async () => {
  await databases([], []);
  const nothing = await tsmoltVerify(urls.source, urls.target, '--table-filter', 'nowhere');
  expect(nothing.exitCode).toBe(2);
  expect(nothing.line(/^Error/)).toMatchObject({ code: 'TSM3005' });
  const nobody = await tsmoltVerify(urls.source, 'postgres://u:p@127.0.0.1:1/d');
  expect(nobody.exitCode).toBe(2);
  expect(nobody.line(/^Error/)).toMatchObject({ code: 'TSM2001' });
  expect((await tsmoltVerify(urls.source, urls.target, '--concurrency', 'many')).exitCode).toBe(2);
});

test('constraints that mean the same are no difference: another name, another order, a primary key for a unique one', async () => {
  await databases(
    ['CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT one UNIQUE (a, b))', 'CREATE TABLE u (id int NOT NULL UNIQUE, v int PRIMARY KEY)'], // prettier-ignore
    ['CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT other UNIQUE (b, a))', 'CREATE TABLE u (id int PRIMARY KEY, v int NOT NULL UNIQUE)'], // prettier-ignore
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(0);
  const tags = run.log.map((line) => String(line['mismatch_tag']));
  expect(tags.filter((tag) => tag.startsWith('constraint'))).toEqual([]);
});
