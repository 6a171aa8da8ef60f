import { expect, test } from 'vitest';
import { rowsOf } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { pairForTest, run, runToFailure, schemaHandlers, scriptFile } from './scripted-run.js';

/** Three rows on the source, of which the second is the one that scripts stumble over. */
async function threeOrders(): Promise<SlotPair> {
  const pair = await pairForTest();
  await pair.onBoth('CREATE TABLE orders (id int PRIMARY KEY, note text)');
  await pair.onSource(...['1', '2', '3'].map((id) => `INSERT INTO orders VALUES (${id}, 'n${id}')`));
  return pair;
}

test.each([
  [
    'throws',
    `throw new Error('enough');`,
    /script\.ts:4:\d+: onRowUpsert of public\.orders \(id=2\): Error: enough/,
  ],
  [
    'reads what is not there',
    `return row.nothing.name;`,
    /script\.ts:4:\d+: onRowUpsert of public\.orders \(id=2\): TypeError: /,
  ],
  [
    'never ends',
    'for (;;) {}',
    /script\.ts:\d+:\d+: onRowUpsert of public\.orders \(id=2\): stopped after 5 s of computing/,
  ],
  [
    'takes too much memory',
    // At once: to fill what it may have can take longer than a row may, on a busy machine.
    `new Uint8Array(1 << 27);`,
    // Where no memory is left for a stack, the line is not known; the row always is.
    /script\.ts(:\d+:\d+)?: onRowUpsert of public\.orders \(id=2\): stopped at its memory limit of 64 MiB/,
  ],
  [
    'forgets to return the row',
    'return;',
    /script\.ts(:\d+:\d+)?: onRowUpsert of public\.orders \(id=2\): TypeError: onRowUpsert returned nothing/,
  ],
])('a script that %s ends the replication at its place; mended, nothing is lost', async (_, fault, words) => {
  const pair = await threeOrders();
  const script = await scriptFile(schemaHandlers(pair, `if (row.id === '2')\n{ ${fault} }\nreturn row;`));
  const failed = await runToFailure(pair, script);
  expect(failed.stderr).toContain('TSM7006');
  expect(failed.stderr).toMatch(words);
  await script.become(schemaHandlers(pair, 'return row;'));
  await run(pair, script);
  expect(await rowsOf(pair.target, 'orders')).toEqual(['(1,n1)', '(2,n2)', '(3,n3)']);
});

test('a script that cannot be compiled is told before anything is read', async () => {
  const pair = await threeOrders();
  const script = await scriptFile('api.configureTargetSchema(;');
  const failed = await runToFailure(pair, script);
  expect(failed.stderr).toMatch(/TSM1006.*script\.ts:2:27/s);
});

test('a table that the target lacks: the place in the script, and after it was made the same command goes on', async () => {
  const pair = await threeOrders();
  const script = await scriptFile(schemaHandlers(pair, 'return { archive: [row] };'));
  const failed = await runToFailure(pair, script);
  expect(failed.stderr).toMatch(
    /TSM7006.*onRowUpsert of public\.orders \(id=1\): the script sends rows to archive, and the target has no such table/s,
  );
  await pair.onTarget('CREATE TABLE archive (id int PRIMARY KEY, note text)');
  await run(pair, script);
  expect(await rowsOf(pair.target, 'archive')).toHaveLength(3);
});

test('a column that the target lacks, and a row without its key, are told by name', async () => {
  const pair = await threeOrders();
  const script = await scriptFile(schemaHandlers(pair, 'return { ...row, extra: 1 };'));
  expect((await runToFailure(pair, script)).stderr).toMatch(
    /TSM7005.*public\.orders has the columns extra, which public\.orders on the target does not have/s,
  );
  await script.become(schemaHandlers(pair, 'return { note: row.note };'));
  expect((await runToFailure(pair, script)).stderr).toMatch(
    /TSM7006.*without id, which identifies its rows/s,
  );
});

test('a column that the source computes and does not send has to come from the script, or from the target', async () => {
  const pair = await pairForTest();
  await pair.onSource('CREATE TABLE g (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)');
  await pair.onTarget('CREATE TABLE g (id int PRIMARY KEY, twice int)');
  await pair.onSource('INSERT INTO g VALUES (4)');
  const script = await scriptFile(schemaHandlers(pair, 'return { ...row };'));
  expect((await runToFailure(pair, script)).stderr).toMatch(/TSM7005.*computes twice/s);
  await script.become(schemaHandlers(pair, 'return { ...row, twice: Number(row.id) * 2 };'));
  await run(pair, script);
  expect(await rowsOf(pair.target, 'g')).toEqual(['(4,8)']);
});

test('what a script configures and the target does not have is a warning, and its console is in the log', async () => {
  const pair = await threeOrders();
  const script = await scriptFile(
    `api.configureTargetTables(['nowhere'], { onRowUpsert: (row) => row, onRowDelete: (key) => key });
     ${schemaHandlers(pair, `console.warn('seen', row.id, { a: 1 }); console.debug('more'); return row;`)}`,
  );
  const done = await run(pair, script);
  expect(done.stdout).toMatch(
    /WARN +\[.+\] the userscript configures the table nowhere, which the target does not have/,
  );
  expect(done.stdout).toMatch(/WARN +\[.+\] seen 2 \{"a":1\} +userscript=.+script\.ts/);
  expect(done.stdout).toMatch(/DEBUG +\[.+\] more/);
});
