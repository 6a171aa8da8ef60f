import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startFetch, tsmoltFetch } from '../support/tsmolt.js';
import { printedRows, twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-files-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const awkward = [
  'CREATE TABLE awkward (id int PRIMARY KEY, v text)',
  `INSERT INTO awkward VALUES (1, NULL), (2, ''), (3, E'two\\nlines "quoted", and a comma'), (4, '\\N'), (5, '\\.'), (6, '🐘'), (7, E'a\\tb\\\\c')`,
];

test('files have the names of the reference and hold every row', async () => {
  await runSql(databases.source, ...awkward);
  const run = await tsmoltFetch(
    databases.source, databases.target, '--local-path', folder, '--use-copy',
    '--table-handling', 'drop-on-target-and-recreate', '--checksum',
  ); // prettier-ignore
  expect(run.exitCode, run.failure).toBe(0);
  expect(await readdir(folder, { recursive: true })).toEqual([
    'public.awkward',
    'public.awkward/shard_01_part_00000001.csv',
  ]);
  expect(await printedRows(databases.target, 'awkward')).toEqual(
    await printedRows(databases.source, 'awkward'),
  );
});

test('a large table makes a file for each batch of each shard, and --cleanup removes them', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE t (id int PRIMARY KEY)',
    'INSERT INTO t SELECT generate_series(1, 20000)',
    'ANALYZE t',
  );
  const args = [
    '--local-path',
    folder,
    '--use-copy',
    '--export-concurrency',
    '2',
    '--row-batch-size',
    '5000',
    '--table-handling',
  ];
  const kept = await tsmoltFetch(databases.source, databases.target, ...args, 'drop-on-target-and-recreate');
  expect(kept.exitCode, kept.failure).toBe(0);
  const files = await readdir(join(folder, 'public.t'));
  expect(files.toSorted()).toEqual(
    [1, 2].flatMap((shard) => [1, 2].map((part) => `shard_0${shard}_part_0000000${part}.csv`)),
  );
  const cleaned = await tsmoltFetch(
    databases.source,
    databases.target,
    ...args,
    'truncate-if-exists',
    '--cleanup',
    '--checksum',
  );
  expect(cleaned.exitCode, cleaned.failure).toBe(0);
  expect(await readdir(join(folder, 'public.t'))).toEqual([]);
});

test('Ctrl-C leaves no file that is only half written', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    `INSERT INTO t SELECT i, repeat('x', 500) FROM generate_series(1, 200000) i`,
  );
  const run = startFetch(
    databases.source, databases.target, '--local-path', folder, '--use-copy', '--table-handling', 'drop-on-target-and-recreate',
  ); // prettier-ignore
  await run.printed(/sharding by ranges of pages/);
  run.process.kill('SIGINT');
  expect((await run.finished).exitCode).toBe(130);
  const left = await readdir(folder, { recursive: true });
  expect(left.filter((name) => name.endsWith('.partial'))).toEqual([]);
});

test('a folder that cannot be written is named', async () => {
  await runSql(databases.source, ...awkward);
  const file = join(folder, 'a-file');
  await writeFile(file, '');
  const run = await tsmoltFetch(
    databases.source, databases.target, '--local-path', file, '--use-copy', '--table-handling', 'drop-on-target-and-recreate',
  ); // prettier-ignore
  expect(run.exitCode).toBe(1);
  expect(run.line(/^Error/)).toMatchObject({
    code: 'TSM4006',
    message: expect.stringContaining(file),
    advice: expect.stringContaining('--local-path'),
  });
});
