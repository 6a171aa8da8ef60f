import { createDatabase, runMysql, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterEach, expect, test } from 'vitest';
import { peakMemory } from '../support/peak-memory.js';
import { startTsmolt } from '../support/tsmolt.js';
import { countsOf, tsmoltVerify, verifyArguments } from '../support/verify.js';

const opened: TestDatabase[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.drop();
});

async function fresh(server: 'postgres18' | 'mysql'): Promise<string> {
  const database = await createDatabase(await sharedServer(server));
  opened.push(database);
  return database.url;
}

/** The same rows under the same keys: copied by files, which takes a fraction of making them again. */
async function copyOf(source: string): Promise<string> {
  const server = await sharedServer('postgres18');
  const copy = await createDatabase(server);
  opened.push(copy);
  await copy.drop();
  const template = new URL(source).pathname.slice(1);
  await runSql(server.url, `CREATE DATABASE ${copy.name} TEMPLATE ${template} STRATEGY FILE_COPY`);
  return copy.url;
}

/** Unlogged, and the key after the rows: what is written is not what is tested. */
const postgresRows = (rows: number): string[] => [
  `CREATE UNLOGGED TABLE big AS SELECT i::bigint AS id, (i * 7919::bigint) % 1000003 AS v, 'row ' || i AS note
    FROM generate_series(1, ${rows}) i`,
  'ALTER TABLE big ADD PRIMARY KEY (id)',
];

const doubled = (times: number): string[] =>
  Array.from({ length: times }, (_, index) => {
    const [id, bits] = [`id + ${2 ** index}`, 2 ** index];
    return `INSERT INTO big SELECT ${id}, (${id}) * 7919 % 1000003, CONCAT('row ', ${id}) FROM big WHERE id <= ${bits}`;
  });

test('one changed value in a million rows is found and named, in a table that was never analysed', async () => {
  const source = await fresh('postgres18');
  await runSql(source, ...postgresRows(1_000_000));
  const target = await copyOf(source);
  await runSql(target, `UPDATE big SET note = 'row 765431' WHERE id = 765432`);
  const run = await tsmoltVerify(source, target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 'big')).toEqual({ truth_rows: 1_000_000, success: 999_999, mismatch: 1 });
  expect(run.line('mismatching row')).toMatchObject({
    primary_key: { id: '765432' },
    columns: [{ name: 'note', source: 'row 765432', target: 'row 765431' }],
  });
});

test('so is one in 2^19 rows of MySQL', async () => {
  const [source, target] = [await fresh('mysql'), await fresh('postgres18')];
  const rows = 2 ** 19;
  await Promise.all([
    runMysql(
      source,
      'CREATE TABLE big (id bigint PRIMARY KEY, v bigint, note varchar(20))',
      `INSERT INTO big VALUES (1, 7919, 'row 1')`,
      ...doubled(19),
    ),
    runSql(target, ...postgresRows(rows)),
  ]);
  await runSql(target, 'UPDATE big SET v = v + 1 WHERE id = 262144');
  const run = await tsmoltVerify(source, target);
  expect(run.exitCode, run.failure).toBe(1);
  expect(countsOf(run, 'big')).toEqual({ truth_rows: rows, success: rows - 1, mismatch: 1 });
  const v = (262_144 * 7919) % 1_000_003;
  expect(run.line('mismatching row')).toMatchObject({
    primary_key: { id: '262144' },
    columns: [{ name: 'v', source: String(v), target: String(v + 1) }],
  });
});

const mebibyte = 1024 ** 2;

test(
  'ten million rows are compared in memory that does not grow with them',
  { timeout: 240_000 },
  async () => {
    const source = await fresh('postgres18');
    const rows = 10_000_000;
    const made = [
      `CREATE UNLOGGED TABLE big AS SELECT i AS id, i % 1000 AS v FROM generate_series(1, ${rows}) i`,
      'ALTER TABLE big ADD PRIMARY KEY (id)',
    ];
    await runSql(source, ...made);
    const target = await copyOf(source);
    await runSql(target, `UPDATE big SET v = -1 WHERE id % 100000 = 7`, 'DELETE FROM big WHERE id = 5000000');
    const { finished, peakBytes } = await peakMemory(startTsmolt(verifyArguments(source, target)));
    expect(finished.exitCode, finished.failure).toBe(1);
    expect(countsOf(finished, 'big')).toEqual({
      truth_rows: rows,
      success: rows - 101,
      missing: 1,
      mismatch: 100,
    });
    expect(peakBytes).toBeGreaterThan(20 * mebibyte);
    expect(peakBytes).toBeLessThan(250 * mebibyte);
  },
);
