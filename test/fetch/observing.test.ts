import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fetch as fetchTables, TsmoltError } from 'tsmolt';
import { startTsmolt, tsmoltFetch } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();
let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-observing-'));
  await runSql(
    databases.source,
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    `INSERT INTO t SELECT i, repeat('x', 300) FROM generate_series(1, 200000) i`,
  );
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const recreate = ['--direct-copy', '--table-handling', 'drop-on-target-and-recreate'];

test('metrics bear the names of the reference while a run lasts', async () => {
  const run = startTsmolt([
    'fetch', '--source', databases.source, '--target', databases.target, '--allow-tls-mode-disable', '--logging', 'debug',
    '--metrics-listen-addr', '127.0.0.1:0', '--row-batch-size', '2000', ...recreate,
  ]); // prettier-ignore
  await run.printed(/"message":"serving metrics"/);
  const address = run.output(/"address":"([^"]+)"/);
  await run.printed(/starting data import/);
  const text = await (await globalThis.fetch(`http://${address}/metrics`)).text();
  const finished = await run.finished;
  expect(finished.exitCode, finished.failure).toBe(0);
  expect(text).toContain('molt_fetch_num_tables 1');
  for (const name of [
    'molt_fetch_num_task_errors',
    'molt_fetch_overall_duration',
    'molt_fetch_rows_exported',
    'molt_fetch_rows_imported',
    'molt_fetch_table_export_duration_ms',
    'molt_fetch_table_import_duration_ms',
  ]) {
    // prettier-ignore
    expect(text).toContain(`# HELP ${name} `);
  }
});

test('an address that is taken is an error only if it was asked for', async () => {
  const taken = new URL(databases.source).port;
  const run = await tsmoltFetch(
    databases.source,
    databases.target,
    ...recreate,
    '--metrics-listen-addr',
    `127.0.0.1:${taken}`,
  );
  expect(run.exitCode).toBe(1);
  expect(run.line(/^Error/)).toMatchObject({
    code: 'TSM1001',
    message: expect.stringContaining('EADDRINUSE'),
  });
});

test('the log goes to a file that is named, or named by the time; errors still reach the terminal', async () => {
  const args = [
    'fetch',
    '--source',
    databases.source,
    '--target',
    databases.target,
    '--allow-tls-mode-disable',
    '--metrics-listen-addr',
    '127.0.0.1:0',
  ];
  const named = await startTsmolt([...args, ...recreate, '--log-file', 'mine.log'], folder).finished;
  expect([named.exitCode, named.stdout]).toEqual([0, '']);
  expect(await readFile(join(folder, 'mine.log'), 'utf8')).toContain('"message":"fetch complete"');
  const failed = await startTsmolt(
    [...args, '--direct-copy', '--table-filter', '^nothing$', '--log-file'],
    folder,
  ).finished;
  expect(failed.exitCode).toBe(1);
  expect(failed.stderr).toMatch(/^Error TSM3005: no table on the source matches .*\n.*filters/);
  expect((await readdir(folder)).toSorted()).toEqual([
    expect.stringMatching(/^fetch-\d{8}T\d{6}\.log$/),
    'mine.log',
  ]);
});

test('for people there is a table of both sides at the end', async () => {
  const run = await tsmoltFetch(
    databases.source,
    databases.target,
    ...recreate,
    '--checksum',
    '--use-console-writer',
  );
  expect(run.exitCode, run.stdout).toBe(0);
  expect(run.stdout).toMatch(/public\.t +│ +200,000 │ +200,000 =/);
  expect(run.stdout).toMatch(/1 tables?, 200,000 rows/);
  expect(run.stdout, 'no escape sequences where nobody looks').not.toContain(String.fromCharCode(27));
});

test('the library reports what the command prints, and throws errors with a code and an advice', async () => {
  const events: string[] = [];
  const report = await fetchTables({
    source: databases.source,
    target: databases.target,
    allowTlsModeDisable: true,
    directCopy: true,
    tableHandling: 'drop-on-target-and-recreate',
    checksum: true,
    onEvent: ({ type }) => events.push(type),
  });
  expect(report.tables).toMatchObject([
    {
      table: { schema: 'public', table: 't' },
      exportedRows: 200_000,
      importedRows: 200_000,
      checksum: { equal: true },
    },
  ]);
  expect(report.cdcCursor).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  expect(new Set(events)).toEqual(
    new Set(['planned', 'table started', 'progress', 'table hashing', 'table finished']),
  );
  const refused = fetchTables({ source: databases.source, target: databases.target, directCopy: true });
  await expect(refused).rejects.toBeInstanceOf(TsmoltError);
  await expect(refused).rejects.toMatchObject({ code: 'TSM2004', kind: 'operator' });
});

test('a caller can stop a run through its signal', async () => {
  const controller = new AbortController();
  const stopped = fetchTables({
    source: databases.source,
    target: databases.target,
    allowTlsModeDisable: true,
    directCopy: true,
    tableHandling: 'drop-on-target-and-recreate',
    rowBatchSize: 1000,
    signal: controller.signal,
    onEvent: ({ type }) => (type === 'progress' ? controller.abort() : undefined),
  });
  await expect(stopped).rejects.toMatchObject({ code: 'TSM1005' });
});
