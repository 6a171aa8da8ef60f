import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, tsmoltVerify } from '../support/verify.js';

const urls = twoDatabases();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-timeout-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Flags that make rows of `t` slow to read on one side. */
async function slow(conditions: {
  readonly source_expr: string;
  readonly target_expr: string;
}): Promise<string[]> {
  const path = join(folder, 'filters.json');
  const entry = { resource_specifier: { schema: 'public', table: 't' }, ...conditions };
  await writeFile(path, JSON.stringify({ filters: [entry] }));
  return ['--filter-path', path];
}

async function onBoth(...statements: string[]): Promise<void> {
  await runSql(urls.source, ...statements);
  await runSql(urls.target, ...statements);
}

test('a range whose statement takes too long is divided until none does, and every row is compared once', async () => {
  await onBoth(
    'CREATE TABLE t (a int, b int, v text, PRIMARY KEY (a, b))',
    `INSERT INTO t SELECT i / 10, i % 10, 'v' || i FROM generate_series(0, 3999) i`,
  );
  await runSql(urls.target, `UPDATE t SET v = 'x' WHERE a = 250 AND b = 3`, 'DELETE FROM t WHERE a = 399');
  const flags = await slow({ source_expr: 'true', target_expr: 'pg_sleep(0.001) IS NOT NULL' });
  const run = await tsmoltVerify(
    urls.source,
    urls.target,
    ...flags,
    ...['--statement-timeout', '800ms', '--row-batch-size', '2000'],
  );
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 4000, success: 3989, mismatch: 1, missing: 10 });
  expect(run.line(/^a statement took too long: a range is divided/)).toMatchObject({ table: 'public.t' });
});

test('ranges of MySQL are divided by its own keys', async () => {
  const source = await createDatabase(await sharedServer('mysql'));
  const client = await mysqlDialect.connect(source.url);
  try {
    await client.query('CREATE TABLE t (id bigint PRIMARY KEY, v varchar(20))');
    const rows = Array.from({ length: 2000 }, (_, index) => `(${index * 7}, 'v${index}')`).join(', ');
    await client.query(`INSERT INTO t VALUES ${rows}`);
    await runSql(
      urls.target,
      'CREATE TABLE t (id bigint PRIMARY KEY, v text)',
      `INSERT INTO t VALUES ${rows}`,
    );
    await runSql(urls.target, 'DELETE FROM t WHERE id >= 700 AND id < 1400');
    const flags = await slow({ source_expr: 'true', target_expr: 'pg_sleep(0.001) IS NOT NULL' });
    const more = ['--statement-timeout', '800ms', '--row-batch-size', '1500'];
    const run = await tsmoltVerify(source.url, urls.target, ...flags, ...more);
    expect(run.exitCode, run.failure).toBe(1);
    expect(countsOf(run, 't')).toEqual({ truth_rows: 2000, success: 1900, missing: 100 });
    run.line(/^a statement took too long: a range is divided/);
  } finally {
    await client.end();
    await source.drop();
  }
});

test('keys that take too long together are read in smaller numbers', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)');
  await runSql(urls.source, `INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) i`);
  await runSql(urls.target, `INSERT INTO t SELECT i, 'w' FROM generate_series(1, 100) i`);
  // Slow where the rows are asked for by their keys.
  const byKey = `(current_query() NOT LIKE '%AND ("id"' || ') IN (%' OR pg_sleep(0.02) IS NOT NULL)`;
  const flags = await slow({ source_expr: 'true', target_expr: byKey });
  const run = await tsmoltVerify(urls.source, urls.target, ...flags, '--statement-timeout', '1500ms');
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 100, mismatch: 100 });
});

test('what cannot be divided is an error that says so, and the server works on it no more', async () => {
  await onBoth('CREATE TABLE t (id text PRIMARY KEY)', `INSERT INTO t VALUES ('a'), ('b')`);
  const flags = await slow({ source_expr: 'true', target_expr: 'pg_sleep(100) IS NOT NULL' });
  const run = await tsmoltVerify(urls.source, urls.target, ...flags, '--statement-timeout', '300ms');
  expect(run.exitCode).toBe(2);
  expect(run.line(/^Error: public\.t: statements on the whole table/)).toMatchObject({
    code: 'TSM6102',
    advice: expect.stringMatching(/in a run of its own, without --statement-timeout .*--filter-path/),
  });
  const working = `SELECT count(*)::int AS active FROM pg_stat_activity
    WHERE datname = current_database() AND application_name = 'tsmolt verify' AND state = 'active'`;
  await expect.poll(() => runSql(urls.target, working), { timeout: 20_000 }).toEqual([{ active: 0 }]);
});

test('a range is not divided for ever', async () => {
  await onBoth('CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t SELECT generate_series(1, 300)');
  const flags = await slow({ source_expr: 'true', target_expr: 'pg_sleep(1) IS NOT NULL' });
  const run = await tsmoltVerify(urls.source, urls.target, ...flags, '--statement-timeout', '200ms');
  expect(run.exitCode).toBe(2);
  expect(run.line(/^Error: public\.t: statements on a range of few rows/)).toMatchObject({ code: 'TSM6102' });
});

test.each(['mysql', 'mariadb'] as const)(
  '%s works no more on a statement that took too long',
  async (name) => {
    const server = await sharedServer(name);
    const source = await createDatabase(server);
    const client = await mysqlDialect.connect(source.url);
    try {
      await client.query('CREATE TABLE t (id varchar(9) PRIMARY KEY)');
      await client.query(`INSERT INTO t VALUES ('a'), ('b')`);
      await runSql(urls.target, 'CREATE TABLE t (id text PRIMARY KEY)', `INSERT INTO t VALUES ('a'), ('b')`);
      const flags = await slow({ source_expr: 'SLEEP(50) = 0', target_expr: 'true' });
      const run = await tsmoltVerify(source.url, urls.target, ...flags, '--statement-timeout', '300ms');
      expect(run.exitCode, run.stdout).toBe(2);
      expect(run.line(/^Error/)).toMatchObject({ code: 'TSM6102' });
      const working = `SELECT info FROM information_schema.processlist WHERE db = '${source.name}' AND info LIKE '%SLEEP(50)%' AND id <> connection_id()`;
      await expect.poll(() => client.query(working), { timeout: 20_000 }).toEqual([]);
    } finally {
      await client.end();
      await source.drop();
    }
  },
);
