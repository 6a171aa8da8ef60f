import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { freshDatabase } from '../support/scenario-databases.js';
import { startTsmolt } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, tsmoltVerify, verifyArguments } from '../support/verify.js';

const urls = twoDatabases();
const rows = [
  'CREATE TABLE t (id int PRIMARY KEY, v text)',
  `INSERT INTO t SELECT i, 'v' FROM generate_series(1, 100) i`,
];
const hashing = /decode\(md5\(/;

test.each([
  ['once is taken up again', 1, 0],
  ['again and again ends the verification: it cannot be told', 100, 2],
] as const)('a connection that is lost %s', async (_what, times, exitCode) => {
  const standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
  const target = await freshDatabase('CockroachDB stand-in', standIn);
  try {
    await runSql(urls.source, ...rows);
    await target.run(rows);
    standIn.faults.failNext({ match: hashing, disconnect: true, times });
    const run = await tsmoltVerify(urls.source, target.url);
    expect(run.exitCode, run.failure).toBe(exitCode);
    expect(run.line(/trying again$/)).toMatchObject({ level: 'warn', attempt: 1, code: 'TSM2007' });
    const errors = run.log.filter(({ level }) => level === 'error');
    expect(errors.map((line) => line['code'])).toEqual(exitCode === 0 ? [] : ['TSM2007']);
    const summed = run.log.filter((line) => line['type'] === 'summary').map(() => countsOf(run, 't'));
    expect(summed).toEqual(exitCode === 0 ? [{ truth_rows: 100, success: 100 }] : []);
  } finally {
    standIn.faults.clear();
    await target.drop();
    await standIn.stop();
  }
});

test('Ctrl-C ends a statement that would run for long', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-verify-'));
  try {
    await runSql(urls.source, ...rows);
    await runSql(urls.target, ...rows);
    const filters = join(folder, 'filters.json');
    const specifier = { schema: 'public', table: 't' };
    await writeFile(
      filters,
      JSON.stringify({ filters: [{ resource_specifier: specifier, expr: 'pg_sleep(100) IS NOT NULL' }] }),
    );
    const running = startTsmolt([...verifyArguments(urls.source, urls.target), '--filter-path', filters]);
    await running.printed(/starting verify on public\.t/);
    running.process.kill('SIGINT');
    const run = await running.finished;
    expect(run.exitCode, run.failure).toBe(130);
    expect(run.line(/^Error: stopped on request/)).toMatchObject({ code: 'TSM1005' });
  } finally {
    await rm(folder, { recursive: true });
  }
});
