import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, summaryOf, tsmoltVerify } from '../support/verify.js';

const urls = twoDatabases();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-verify-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function onBoth(...statements: string[]): Promise<void> {
  await runSql(urls.source, ...statements);
  await runSql(urls.target, ...statements);
}

async function file(name: string, content: unknown): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, JSON.stringify(content));
  return path;
}

test('a table with rows that are missing, changed and extraneous is summed up as the reference does', async () => {
  await onBoth('CREATE TABLE common_table (id int PRIMARY KEY, v text)');
  await runSql(urls.source, `INSERT INTO common_table SELECT i, 'v' || i FROM generate_series(1, 6) i`);
  await runSql(
    urls.target,
    `INSERT INTO common_table VALUES (1, 'v1'), (2, 'v2'), (3, 'v3'), (4, 'other'), (7, 'v7'), (8, 'v8')`,
  );
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(1);
  run.line('starting verify on public.common_table, shard 1/1');
  expect(summaryOf(run, 'common_table')).toMatchObject({
    level: 'info',
    type: 'summary',
    table_schema: 'public',
    table_name: 'common_table',
    num_truth_rows: 6,
    num_success: 3,
    num_conditional_success: 0,
    num_missing: 2,
    num_mismatch: 1,
    num_extraneous: 2,
    num_live_retry: 0,
    num_column_mismatch: 0,
    message: 'finished row verification on public.common_table (shard 1/1)',
  });
  expect(run.line('mismatching row')).toMatchObject({
    level: 'warn',
    table_name: 'common_table',
    primary_key: { id: '4' },
    columns: [{ name: 'v', source: 'v4', target: 'other' }],
  });
  const keys = (message: string): unknown[] =>
    run.log.filter((line) => line.message === message).map((line) => line['primary_key']);
  expect(keys('missing row')).toEqual(expect.arrayContaining([{ id: '5' }, { id: '6' }]));
  expect(keys('extraneous row')).toEqual(expect.arrayContaining([{ id: '7' }, { id: '8' }]));
});

test('equal databases are equal: empty tables, composite and text keys, odd names, enums', async () => {
  await onBoth(
    'CREATE TABLE empty (id int PRIMARY KEY)',
    'CREATE TABLE pairs (a int, b text, v numeric, PRIMARY KEY (a, b))',
    `INSERT INTO pairs SELECT i % 3, 'k' || i, i / 7.0 FROM generate_series(1, 3000) i`,
    'CREATE TABLE texts (k text PRIMARY KEY, v int)',
    `INSERT INTO texts SELECT 'it''s \\ ü ' || i, i FROM generate_series(1, 3000) i`,
    'CREATE TABLE "Odd ""name"" %" ("the Key" uuid PRIMARY KEY, "select" text)',
    `INSERT INTO "Odd ""name"" %" SELECT md5(i::text)::uuid, NULLIF(i % 3, 0) FROM generate_series(1, 100) i`,
    `CREATE TYPE mood AS ENUM ('happy', 'so;so')`,
    'CREATE TABLE moods (m mood PRIMARY KEY, n mood)',
    `INSERT INTO moods VALUES ('happy', NULL), ('so;so', 'happy')`,
    'ANALYZE',
  );
  const run = await tsmoltVerify(urls.source, urls.target, '--row-batch-size', '50');
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 'empty')).toEqual({});
  expect(countsOf(run, 'pairs')).toEqual({ truth_rows: 3000, success: 3000 });
  expect(countsOf(run, 'texts')).toEqual({ truth_rows: 3000, success: 3000 });
  expect(countsOf(run, 'Odd "name" %')).toEqual({ truth_rows: 100, success: 100 });
  expect(countsOf(run, 'moods')).toEqual({ truth_rows: 2, success: 2 });
  expect(run.log.filter(({ level }) => level !== 'info')).toEqual([]);
});

test('one changed value in 300 000 rows is found and named, over many ranges', async () => {
  await onBoth(
    'CREATE TABLE big (id bigint PRIMARY KEY, v text, n int)',
    `INSERT INTO big SELECT i * 3, md5(i::text), i % 100 FROM generate_series(1, 300000) i`,
    'ANALYZE big',
  );
  await runSql(urls.target, 'UPDATE big SET n = n + 1 WHERE id = 600003');
  const run = await tsmoltVerify(urls.source, urls.target, '--row-batch-size', '1000', '--concurrency', '4');
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 'big')).toEqual({ truth_rows: 300_000, success: 299_999, mismatch: 1 });
  expect(run.line('mismatching row')).toMatchObject({
    primary_key: { id: '600003' },
    columns: [{ name: 'n', source: '1', target: '2' }],
  });
});

test('where every row differs, all are counted, with text keys too, and few are named', async () => {
  await onBoth(
    'CREATE TABLE t (k text PRIMARY KEY, v int)',
    `INSERT INTO t SELECT 'k' || i, i FROM generate_series(1, 120000) i`,
  );
  await runSql(urls.target, 'UPDATE t SET v = v + 1');
  const run = await tsmoltVerify(urls.source, urls.target, '--named-rows', '5');
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 120_000, mismatch: 120_000 });
  expect(run.log.filter(({ message }) => message === 'mismatching row')).toHaveLength(5);
});

test('tables without a key are compared as multisets: duplicates count', async () => {
  await onBoth('CREATE TABLE t (a text, b text)');
  await runSql(
    urls.source,
    `INSERT INTO t VALUES ('x', 'y'), ('x', 'y'), ('x', 'y'), ('', NULL), ('q', 'q')`,
  );
  await runSql(urls.target, `INSERT INTO t VALUES ('x', 'y'), (NULL, ''), ('q', 'q')`);
  const run = await tsmoltVerify(urls.source, urls.target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 5, success: 2, missing: 3, extraneous: 1 });
  expect(run.line('extraneous row')).toMatchObject({ primary_key: { a: null, b: '' } });
});

test('rows are filtered by one condition for both sides or one for each', async () => {
  await onBoth(
    'CREATE TABLE one (id int PRIMARY KEY, v int)',
    'CREATE TABLE two (id int PRIMARY KEY, v int)',
    'CREATE TABLE rest (id int PRIMARY KEY)',
    'INSERT INTO one SELECT i, i FROM generate_series(1, 20) i',
    'INSERT INTO rest VALUES (1)',
  );
  await runSql(urls.source, 'INSERT INTO two SELECT i, i FROM generate_series(1, 20) i');
  await runSql(urls.target, 'INSERT INTO two SELECT i, i FROM generate_series(5, 15) i');
  await runSql(urls.target, 'UPDATE one SET v = 0 WHERE id >= 10');
  const specifier = (table: string): unknown => ({ schema: 'public', table });
  const filters = await file('filters.json', {
    filters: [
      { resource_specifier: specifier('one'), expr: 'id < 10 OR id = 0' },
      { resource_specifier: specifier('two'), source_expr: 'id BETWEEN 5 AND 15', target_expr: '16 > id' },
    ],
  });
  const run = await tsmoltVerify(urls.source, urls.target, '--filter-path', filters);
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 'one')).toEqual({ truth_rows: 9, success: 9 });
  expect(countsOf(run, 'two')).toEqual({ truth_rows: 11, success: 11 });
  expect(countsOf(run, 'rest')).toEqual({ truth_rows: 1, success: 1 });
});

test('a table that was renamed is compared under its new name', async () => {
  await runSql(
    urls.source,
    'CREATE TABLE t (id int PRIMARY KEY)',
    'INSERT INTO t SELECT generate_series(1, 10)',
  );
  await runSql(
    urls.target,
    'CREATE SCHEMA public2',
    'CREATE TABLE public2.t2 (id int PRIMARY KEY)',
    'INSERT INTO public2.t2 SELECT generate_series(1, 10)',
  );
  const transformations = await file('transformations.json', {
    transforms: [
      {
        id: 1,
        resource_specifier: { schema: 'public', table: 't' },
        table_rename_opts: { value: 't2' },
        schema_rename_opts: { value: 'public2' },
      },
    ],
  });
  const run = await tsmoltVerify(urls.source, urls.target, '--transformations-file', transformations);
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 10, success: 10 });
});

test('several tables in one are refused: each would call the rows of the others extraneous', async () => {
  await runSql(urls.source, 'CREATE TABLE a1 (id int PRIMARY KEY)', 'CREATE TABLE a2 (id int PRIMARY KEY)');
  await runSql(urls.target, 'CREATE TABLE a (id int PRIMARY KEY)');
  const transformations = await file('transformations.json', {
    transforms: [
      { id: 1, resource_specifier: { schema: 'public', table: 'a.' }, table_rename_opts: { value: 'a' } },
      { id: 2, resource_specifier: { schema: 'public', table: 'gone' }, table_rename_opts: { value: 'b' } },
    ],
  });
  const run = await tsmoltVerify(urls.source, urls.target, '--transformations-file', transformations);
  expect(run.exitCode).toBe(2);
  expect(run.line(/^Error: public\.a1, public\.a2 all go into public\.a/)).toMatchObject({ code: 'TSM1001' });
  expect(run.line(/transforms\[1\] concerns no table/)).toMatchObject({ level: 'warn' });
});

test('the report holds everything, and no value where values are not to be seen', async () => {
  await onBoth('CREATE TABLE t (id text PRIMARY KEY, v text)', `INSERT INTO t VALUES ('key-1', 'same')`);
  await runSql(urls.target, `UPDATE t SET v = 'tell-nobody'`);
  const path = join(folder, 'report.json');
  const open = await tsmoltVerify(urls.source, urls.target, '--report', path);
  expect(open.exitCode, open.failure).toBe(1);
  expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
    equal: false,
    missingTables: [],
    extraneousTables: [],
    tables: [
      {
        table: { schema: 'public', table: 't' },
        counts: { truthRows: 1, mismatch: 1 },
        rows: [
          {
            kind: 'mismatch',
            key: { id: 'key-1' },
            columns: [{ name: 'v', source: 'same', target: 'tell-nobody' }],
          },
        ],
      },
    ],
  });
  const redacted = await tsmoltVerify(urls.source, urls.target, '--report', path, '--redact-values');
  const everything = redacted.stdout + redacted.stderr + (await readFile(path, 'utf8'));
  expect(redacted.exitCode).toBe(1);
  expect(everything).not.toMatch(/key-1|same"|tell-nobody/);
  expect(everything).toMatch(/sha256:[0-9a-f]{16}/);
});
