import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSql, createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { printedRows, twoDatabases } from '../support/two-databases.js';
import { countsOf, tsmoltVerify } from '../support/verify.js';

const urls = twoDatabases();
let folder = '';
let file = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-repair-'));
  file = join(folder, 'repair.sql');
});
afterEach(() => rm(folder, { recursive: true }));

async function onBoth(...statements: string[]): Promise<void> {
  await runSql(urls.source, ...statements);
  await runSql(urls.target, ...statements);
}

/** As a client does that sends a file as it is, with settings of its own. */
async function runFile(url: string): Promise<void> {
  const client = await connectSql(url);
  try {
    await client.query(`SET timezone = 'Asia/Tokyo'; SET extra_float_digits = 0`);
    await client.query(await readFile(file, 'utf8'));
  } finally {
    await client.end();
  }
}

async function expectSame(...tables: string[]): Promise<void> {
  for (const table of tables) {
    expect(await printedRows(urls.target, table), table).toEqual(await printedRows(urls.source, table));
  }
}

const odd = `E'it''s \\\\ a\\nDROP TABLE t; --\\t😀 \\u202e'`;

test('the statements are written and not run; run, they make the target equal', async () => {
  await onBoth(
    'CREATE TABLE t (id text PRIMARY KEY, n float8, at timestamptz, b bytea, a text[], j json)',
    `INSERT INTO t SELECT 'k' || i, i / 3.0, '2026-01-02 03:04:05.678+09', '\\x00ff', '{a,NULL}', '{"a": 1}' FROM generate_series(1, 300) i`,
  );
  await runSql(
    urls.source,
    `INSERT INTO t VALUES (${odd}, 'NaN', 'infinity', '', ARRAY[${odd}, '"'], NULL)`,
    `UPDATE t SET n = '-Infinity', a = NULL WHERE id = 'k7'`,
  );
  await runSql(
    urls.target,
    `INSERT INTO t (id, j) VALUES (${odd} || 'x', '{"b":  2}')`,
    'DELETE FROM t WHERE n > 50',
  );
  const before = await printedRows(urls.target, 't');
  const run = await tsmoltVerify(urls.source, urls.target, '--repair-file', file);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 301, success: 149, missing: 151, mismatch: 1, extraneous: 1 }); // prettier-ignore
  expect(run.line(/^wrote 153 statements into/)).toMatchObject({ num_statements: 153 });
  expect(await printedRows(urls.target, 't')).toEqual(before);
  const text = await readFile(file, 'utf8');
  expect(text).not.toMatch(/postgres:\/\/|password|[^\P{Cc}\n]|\u202e/u);
  expect(text.match(/^BEGIN;$/gm)).toHaveLength(4);
  expect(text).toContain('-- update public.t {"id":"k7"}\n');
  expect((await stat(file)).mode & 0o077).toBe(0);
  expect(await readdir(folder)).toEqual(['repair.sql']);
  await runFile(urls.target);
  await expectSame('t');
  await runFile(urls.target);
  await expectSame('t');
});

test('applied, foreign keys are kept to, and the run ends with 0 because nothing differs any more', async () => {
  await onBoth(
    'CREATE TABLE customers (id int PRIMARY KEY, email text UNIQUE)',
    'CREATE TABLE orders (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers)',
    'CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree)',
    'CREATE TABLE labels (id int PRIMARY KEY, label text UNIQUE)',
  );
  await runSql(
    urls.source,
    `INSERT INTO customers VALUES (1, 'a'), (2, 'b'), (3, 'c')`,
    'INSERT INTO orders VALUES (1, 3), (2, 2), (3, 1)',
    // Parents have the greater keys, so that children come first where rows come in the order of keys.
    'INSERT INTO tree SELECT i, CASE WHEN i < 400 THEN i + 1 END FROM generate_series(1, 400) i',
    `INSERT INTO labels VALUES (1, 'wanted')`,
  );
  await runSql(
    urls.target,
    `INSERT INTO customers VALUES (1, 'a'), (9, 'z')`,
    'INSERT INTO orders VALUES (1, 9), (8, 9)',
    `INSERT INTO labels VALUES (2, 'wanted')`,
  );
  const run = await tsmoltVerify(urls.source, urls.target, '--repair-file', file, '--repair-apply');
  expect(run.line('repair complete')).toMatchObject({ num_remaining: 0, num_refused: 0 });
  expect(run.exitCode, run.failure).toBe(0);
  await expectSame('customers', 'orders', 'tree', 'labels');
  expect(await readFile(file, 'utf8')).toContain('run the file again');
});

test('identity columns get their values, computed ones are left out, and so are columns that only the target has', async () => {
  await onBoth(
    'CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v int, double int GENERATED ALWAYS AS (v * 2) STORED)',
  );
  await runSql(urls.target, `ALTER TABLE t ADD COLUMN note text DEFAULT 'here'`);
  await runSql(urls.source, 'INSERT INTO t (v) VALUES (1), (2), (3)');
  const run = await tsmoltVerify(urls.source, urls.target, '--repair-file', file, '--repair-apply');
  expect(run.exitCode, run.failure).toBe(0);
  expect(await printedRows(urls.target, 't')).toEqual(['(1,1,2,here)', '(2,2,4,here)', '(3,3,6,here)']);
});

test('a row that has changed since is left alone', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)', `INSERT INTO t VALUES (1, 'a'), (2, 'b')`);
  await runSql(urls.target, `UPDATE t SET v = 'x'`, `INSERT INTO t VALUES (3, 'c')`);
  const run = await tsmoltVerify(urls.source, urls.target, '--repair-file', file);
  expect(run.exitCode, run.failure).toBe(1);
  await runSql(urls.target, `UPDATE t SET v = 'y' WHERE id > 1`);
  await runFile(urls.target);
  expect(await printedRows(urls.target, 't')).toEqual(['(1,a)', '(2,y)', '(3,y)']);
});

test('rows that cannot be repaired are named in the file and in the report, and the exit code says that they differ', async () => {
  await onBoth(
    'CREATE TABLE bag (v int)',
    'CREATE TABLE u (id int PRIMARY KEY, v int)',
    'CREATE TABLE short (id int PRIMARY KEY, v text)',
  );
  await runSql(
    urls.source,
    'INSERT INTO bag VALUES (1), (1), (2)',
    'INSERT INTO u VALUES (1, 1)',
    `INSERT INTO short VALUES (1, 'abc'), (2, 'ab')`,
  );
  await runSql(
    urls.target,
    'ALTER TABLE u ALTER COLUMN v TYPE uuid USING NULL',
    'ALTER TABLE short ALTER COLUMN v TYPE varchar(2)',
  );
  const report = join(folder, 'report.json');
  const flags = ['--repair-file', file, '--repair-apply', '--report', report];
  const run = await tsmoltVerify(urls.source, urls.target, ...flags);
  expect(run.exitCode, run.failure).toBe(1);
  expect(await readFile(file, 'utf8')).toContain(
    '-- NOT REPAIRED: public.bag: 3 rows: public.bag has no primary key',
  );
  expect(run.line(/^a repair is refused: .*too long/)).toMatchObject({ code: 'TSM4001', primary_key: ['1'] });
  expect(await printedRows(urls.target, 'short')).toEqual(['(2,ab)']);
  expect(JSON.parse(await readFile(report, 'utf8'))).toMatchObject({
    equal: false,
    verdict: 'different',
    repair: {
      statements: 2,
      unrepairable: expect.arrayContaining([
        expect.objectContaining({ table: { schema: 'public', table: 'bag' }, rows: 3 }),
        expect.objectContaining({ table: { schema: 'public', table: 'u' }, rows: 1 }),
      ]),
      applied: { changedRows: 1, withoutEffect: 0, refused: 1, remaining: 1 },
    },
  });
});

test('a target whose key is another one is not repaired: rows of one key might be several', async () => {
  await runSql(urls.source, 'CREATE TABLE t (id int PRIMARY KEY, v int)', 'INSERT INTO t VALUES (1, 1)');
  await runSql(urls.target, 'CREATE TABLE t (id int, v int PRIMARY KEY)');
  const run = await tsmoltVerify(urls.source, urls.target, '--repair-file', file, '--repair-apply');
  expect(run.exitCode, run.failure).toBe(1);
  expect(await readFile(file, 'utf8')).toMatch(
    /NOT REPAIRED: public\.t: 1 rows: public\.t may hold several rows/,
  );
  expect(await printedRows(urls.target, 't')).toEqual([]);
});

test('of rows that a filter chooses none is deleted: the source may have it without choosing it', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY, v int)', 'INSERT INTO t VALUES (1, 1), (2, 2), (3, 3)');
  await runSql(urls.source, 'UPDATE t SET v = 50 WHERE id = 2', 'UPDATE t SET v = 4 WHERE id = 3');
  await runSql(urls.target, 'DELETE FROM t WHERE id = 1');
  const filters = join(folder, 'filters.json');
  const entry = { resource_specifier: { schema: 'public', table: 't' }, expr: 'v < 10' };
  await writeFile(filters, JSON.stringify({ filters: [entry] }));
  const flags = ['--repair-file', file, '--repair-apply', '--filter-path', filters];
  const run = await tsmoltVerify(urls.source, urls.target, ...flags);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 2, missing: 1, mismatch: 1, extraneous: 1 });
  expect(await printedRows(urls.target, 't')).toEqual(['(1,1)', '(2,2)', '(3,4)']);
});

test('with live only rows that do not heal are repaired', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY, v int)', 'INSERT INTO t VALUES (1, 1), (2, 2)');
  await runSql(urls.source, 'UPDATE t SET v = 5 WHERE id = 2', 'INSERT INTO t VALUES (3, 3)');
  const flags = ['--repair-file', file, '--repair-apply', '--live', '--live-retries', '1'];
  const run = await tsmoltVerify(urls.source, urls.target, ...flags);
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 3, success: 1, missing: 1, mismatch: 1, live_retry: 2 });
  await expectSame('t');
});

test('nothing is written over, nothing is run without a record, and what hides values writes none', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY)');
  await writeFile(file, 'reviewed');
  const exists = await tsmoltVerify(urls.source, urls.target, '--repair-file', file);
  expect(exists.exitCode).toBe(2);
  expect(exists.line(/exists already/)).toMatchObject({ code: 'TSM4006' });
  expect(await readFile(file, 'utf8')).toBe('reviewed');
  const other = join(folder, 'other.sql');
  const refused = [
    ['--repair-apply'],
    ['--repair-file', other, '--redact-values'],
    ['--repair-file', other, '--state-file', join(folder, 'state')],
  ];
  for (const flags of refused) {
    const run = await tsmoltVerify(urls.source, urls.target, ...flags);
    expect(run.exitCode, flags.join(' ')).toBe(2);
    expect(run.line(/^Error/)).toMatchObject({ code: 'TSM1001' });
  }
  expect(await readdir(folder)).toEqual(['repair.sql']);
});

test('a target that may not be written to is said to be so', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY)');
  await runSql(urls.source, 'INSERT INTO t VALUES (1)');
  const url = new URL(urls.target);
  const reader = `reader_${url.pathname.slice(1)}`;
  const create = `CREATE ROLE ${reader} LOGIN PASSWORD 'tell-nobody'`;
  await runSql(urls.target, create, `GRANT SELECT ON t TO ${reader}`);
  try {
    url.username = reader;
    url.password = 'tell-nobody';
    const run = await tsmoltVerify(urls.source, url.href, '--repair-file', file, '--repair-apply');
    expect(run.exitCode).toBe(2);
    expect(run.line(/^Error: .*permission denied/)).toMatchObject({ code: 'TSM3001' });
    expect(run.stdout + run.stderr + (await readFile(file, 'utf8'))).not.toContain('tell-nobody');
  } finally {
    await runSql(urls.target, `DROP OWNED BY ${reader}`, `DROP ROLE ${reader}`);
  }
});

test('a MySQL target is refused before anything is read', async () => {
  const target = await createDatabase(await sharedServer('mysql'));
  try {
    await runSql(urls.source, 'CREATE TABLE t (id int PRIMARY KEY)');
    const client = await mysqlDialect.connect(target.url);
    await client.query('CREATE TABLE t (id int PRIMARY KEY)');
    await client.end();
    const run = await tsmoltVerify(urls.source, target.url, '--repair-file', file);
    expect(run.exitCode).toBe(2);
    expect(run.line(/^Error/)).toMatchObject({ code: 'TSM6104' });
    expect(await readdir(folder)).toEqual([]);
  } finally {
    await target.drop();
  }
});
