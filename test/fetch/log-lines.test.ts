import { runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { tsmoltFetch } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();

test('says what MOLT says, in the same order and with the same fields', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE employees (id int PRIMARY KEY, name text)',
    `INSERT INTO employees SELECT i, 'name ' || i FROM generate_series(1, 200) i`,
  );

  const run = await tsmoltFetch(
    databases.source,
    databases.target,
    '--direct-copy',
    '--table-handling',
    'drop-on-target-and-recreate',
    '--checksum',
  );

  expect(run.exitCode, run.failure).toBe(0);
  const said = run.log.filter(({ level }) => level === 'info').map(({ message }) => message);
  expect(said).toEqual([
    'starting fetch',
    'created table on the target',
    'data extraction phase starting',
    'one shard',
    'starting data import on target',
    'data extraction from source complete',
    'data import on target for table complete',
    'fetch complete',
  ]);
  const cursor = run.line('starting fetch')['cdc_cursor'];
  expect(cursor).toMatch(/^[0-9A-F]+\/[0-9A-F]+$/);
  expect(run.line('starting fetch')).toMatchObject({ level: 'info', type: 'summary', num_tables: 1 });
  expect(run.line('data extraction from source complete')).toMatchObject({
    table: 'public.employees',
    type: 'summary',
    num_rows: 200,
    export_duration_ms: expect.any(Number),
    export_duration: expect.stringMatching(/^\d{3}h \d\dm \d\ds$/),
  });
  expect(run.line('data import on target for table complete')).toMatchObject({
    table: 'public.employees',
    type: 'summary',
    net_duration_ms: expect.any(Number),
    import_duration_ms: expect.any(Number),
    import_duration: expect.any(String),
    num_rows: 200,
    cdc_cursor: cursor,
    checksum_equal: true,
  });
  expect(run.line('fetch complete')).toMatchObject({
    type: 'summary',
    fetch_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    num_tables: 1,
    tables: ['public.employees'],
    skipped_unmigratable_tables: [],
    cdc_cursor: cursor,
    net_duration: expect.any(String),
  });
  for (const line of run.log)
    expect(line['time']).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/);
});

test('no password appears anywhere in the output', async () => {
  const secret = 'very-secret-word';
  const withPassword = new URL(databases.source);
  withPassword.password = secret;
  const run = await tsmoltFetch(withPassword.href, databases.target, '--direct-copy', '--logging', 'trace');
  expect(run.exitCode).toBe(1);
  expect(run.stdout + run.stderr).not.toContain(secret);
});
