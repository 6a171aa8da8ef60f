import { connectSql, runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { startTsmolt } from '../support/tsmolt.js';
import type { Finished } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, tsmoltVerify, verifyArguments } from '../support/verify.js';

const urls = twoDatabases();

async function onBoth(...statements: string[]): Promise<void> {
  await runSql(urls.source, ...statements);
  await runSql(urls.target, ...statements);
}

const table = 'CREATE TABLE t (id int PRIMARY KEY, v text)';
const rows = `INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 1000) i`;

/** Runs `change` on the target when the verification has read the source's rows once: a change that arrives late. */
async function whileParked(change: readonly string[], ...flags: string[]): Promise<Finished> {
  const running = startTsmolt([...verifyArguments(urls.source, urls.target), '--live', '--logging', 'debug', ...flags]); // prettier-ignore
  await running.printed(/rows that differ are read again/);
  await runSql(urls.target, ...change);
  return running.finished;
}

test('rows that were being written heal; those that differ in truth are counted', async () => {
  await onBoth(table, rows);
  await runSql(
    urls.source,
    `UPDATE t SET v = 'new' WHERE id <= 10`,
    'DELETE FROM t WHERE id = 20',
    `INSERT INTO t VALUES (2000, 'later')`,
    `UPDATE t SET v = 'lost' WHERE id = 30`,
  );
  const arrived = [
    `UPDATE t SET v = 'new' WHERE id <= 10`,
    'DELETE FROM t WHERE id = 20',
    `INSERT INTO t VALUES (2000, 'later')`,
  ];
  const run = await whileParked(arrived, '--live-retries', '3');
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 1000, success: 999, mismatch: 1, live_retry: 13 });
  expect(run.line('mismatching row')).toMatchObject({
    primary_key: { id: '30' },
    columns: [{ name: 'v', source: 'lost', target: 'v30' }],
  });
});

test('where all of it arrives, the databases are equal', async () => {
  await onBoth(table, rows);
  await runSql(urls.source, `UPDATE t SET v = 'new' WHERE id = 7`);
  const run = await whileParked([`UPDATE t SET v = 'new' WHERE id = 7`], '--live-retries', '3');
  expect(run.exitCode, run.failure).toBe(0);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 1000, success: 1000, live_retry: 1 });
});

test('tables without a key are compared again as a whole', async () => {
  await onBoth('CREATE TABLE t (v text)', `INSERT INTO t VALUES ('a'), ('a'), ('b')`);
  await runSql(urls.source, `INSERT INTO t VALUES ('late'), ('lost')`);
  const run = await whileParked([`INSERT INTO t VALUES ('late')`], '--live-retries', '3');
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 't')).toEqual({ truth_rows: 5, success: 4, missing: 1, live_retry: 2 });
  expect(run.line('missing row')).toMatchObject({ primary_key: { v: 'lost' } });
});

test('a row that changes all the time is neither equal nor different: it could not be told', async () => {
  await onBoth(table, rows);
  await runSql(urls.source, 'CREATE SEQUENCE writes');
  const writer = await connectSql(urls.source);
  let writing = true;
  const write = async (): Promise<void> => {
    while (writing) await writer.query(`UPDATE t SET v = nextval('writes')::text WHERE id = 5`);
  };
  const written = write();
  try {
    const run = await tsmoltVerify(urls.source, urls.target, '--live', '--live-retries', '2');
    expect(run.exitCode, run.failure).toBe(2);
    expect(countsOf(run, 't')).toEqual({ truth_rows: 1000, success: 999, live_retry: 1, still_changing: 1 });
    expect(run.line('still changing row')).toMatchObject({ primary_key: { id: '5' } });
  } finally {
    writing = false;
    await written;
    await writer.end();
  }
});

test('retries without live are a mistake', async () => {
  await onBoth(table);
  const run = await tsmoltVerify(urls.source, urls.target, '--live-retries', '3');
  expect(run.exitCode).toBe(2);
  expect(run.line(/^Error/)).toMatchObject({ code: 'TSM1001' });
});
