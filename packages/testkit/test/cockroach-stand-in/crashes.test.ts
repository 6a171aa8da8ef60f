import { runSql, seededRandom } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { RandomConflicts } from '../../src/index.js';
import { freshTable, rows, useStandIn } from './fixture.js';

const fixture = useStandIn();

const always = { statement: 0, commit: 1, write: 1 };

test('a crash breaks what is connected, and what was committed is there when it comes back', async () => {
  const client = await fixture.connect();
  const table = await freshTable(client, 'a INT PRIMARY KEY');
  await client.query(`INSERT INTO ${table} VALUES (1)`);
  await client.query(`BEGIN; INSERT INTO ${table} VALUES (2)`);
  const { url } = fixture.standIn();
  await Promise.all([
    expect(client.query('SELECT pg_sleep(60)')).rejects.toThrow(/terminated|ECONNRESET/),
    fixture.standIn().kill(),
  ]);
  await expect(runSql(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  await fixture.standIn().start();
  expect(fixture.standIn().url).toBe(url);
  expect(await rows(await fixture.connect(), `SELECT a FROM ${table}`)).toEqual([['1']]);
});

test('at random, COMMIT fails in all ways, and only what is said to have happened has', async () => {
  const conflicts = new RandomConflicts(seededRandom(1), always);
  const setUp = await fixture.connect();
  const table = await freshTable(setUp, 'a INT PRIMARY KEY');
  fixture.standIn().faults.failAtRandom(conflicts);
  const heard: string[] = [];
  for (let row = 1; row <= 5; row++) {
    const client = await fixture.connect();
    await client.query('BEGIN');
    await client.query(`INSERT INTO ${table} VALUES (${row})`);
    const failure = await client.query('COMMIT').catch((thrown: unknown) => thrown);
    heard.push(String(failure));
  }
  expect(heard[0]).toMatch(/restart transaction: TransactionRetryWithProtoRefreshError: .*injected by/);
  expect(heard.slice(1, 3).join()).toMatch(/^(?:error: result is ambiguous[^,]*,?){2}$/);
  expect(heard.slice(3).join()).toMatch(/^(?:Error: Connection terminated unexpectedly,?){2}$/);
  expect(Object.keys(conflicts.struck)).toEqual(RandomConflicts.kinds.filter((kind) => /COMMIT/.test(kind)));
  expect(await rows(setUp, `SELECT a FROM ${table} ORDER BY a`)).toEqual([['2'], ['4']]);
});

test('at random, a statement fails within a transaction, and a write outside one has an unknown outcome', async () => {
  const client = await fixture.connect();
  const table = await freshTable(client, 'a INT PRIMARY KEY');
  const conflicts = new RandomConflicts(seededRandom(1), { ...always, statement: 1 });
  fixture.standIn().faults.failAtRandom(conflicts);
  for (const row of [1, 2]) {
    const writing = client.query(`INSERT INTO ${table} VALUES (${row})`);
    await expect(writing).rejects.toMatchObject({ code: '40003' });
  }
  expect(await rows(client, `SELECT a FROM ${table}`)).toEqual([['1']]);
  await client.query('BEGIN');
  await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '40001' });
  await expect(client.query('SELECT 1')).rejects.toMatchObject({ code: '25P02' });
  await client.query('ROLLBACK');
  expect((await client.query('SELECT 1 AS n')).rows).toEqual([{ n: 1 }]);
  expect(conflicts.struck).toEqual({
    'ambiguous write that happened': 1,
    'ambiguous write that did not happen': 1,
    'conflict at a statement': 1,
  });
});
