import { mkdtemp, readdir, readFile, rm, stat, watch, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql, sharedServer, startTcpProxy } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { startTsmolt } from '../support/tsmolt.js';
import type { Running } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, tsmoltVerify, verifyArguments } from '../support/verify.js';

const urls = twoDatabases();
let folder = '';
let state = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-state-'));
  state = join(folder, 'verify.state');
  for (const url of [urls.source, urls.target]) {
    await runSql(
      url,
      'CREATE TABLE small (id int PRIMARY KEY)',
      'INSERT INTO small SELECT generate_series(1, 10)',
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      `INSERT INTO t SELECT i, 'v' || i FROM generate_series(1, 12000) i`,
    );
  }
  await runSql(
    urls.target,
    `UPDATE t SET v = 'other' WHERE id IN (3, 11000)`,
    'DELETE FROM t WHERE id IN (40, 6000, 11900)',
    'INSERT INTO small VALUES (11)',
  );
});
afterEach(() => rm(folder, { recursive: true }));

const expected = { truth_rows: 12_000, success: 11_995, mismatch: 2, missing: 3 };

/** Slow on the target, a millisecond a row, so that there is a middle. */
async function slowFilter(): Promise<string> {
  const path = join(folder, 'filters.json');
  const entry = { resource_specifier: { schema: 'public', table: 't' }, source_expr: 'true', target_expr: 'pg_sleep(0.001) IS NOT NULL' }; // prettier-ignore
  await writeFile(path, JSON.stringify({ filters: [entry] }));
  return path;
}

async function flags(): Promise<string[]> {
  return ['--state-file', state, '--filter-path', await slowFilter(), '--row-batch-size', '200', '--concurrency', '3']; // prettier-ignore
}

/** Waits until the state tells of finished ranges of the large table. */
async function untilInTheMiddle(run: Running): Promise<void> {
  const ended = new AbortController();
  void run.finished.then(() => ended.abort());
  for await (const { filename } of watch(folder, { signal: ended.signal })) {
    if (filename !== 'verify.state') continue;
    const text = await readFile(state, 'utf8').catch(() => '');
    if (/"table":"t"\},"fingerprint":"\w+","bounds":\[.+?\],"finished":\[\[/.test(text)) return;
  }
}

test('a run that was killed goes on, and comes to the same totals', async () => {
  const args = [...verifyArguments(urls.source, urls.target), ...(await flags())];
  const killed = startTsmolt(args);
  await untilInTheMiddle(killed);
  killed.process.kill('SIGKILL');
  expect((await killed.finished).exitCode).toBeNull();
  expect((await stat(state)).mode & 0o077).toBe(0);
  expect(await readFile(state, 'utf8')).not.toContain(new URL(urls.source).password || 'postgres://');
  const run = await startTsmolt(args).finished;
  expect(run.exitCode, run.failure).toBe(1);
  const resumed = run.line(/^going on with the verification that was started at/);
  expect(resumed['finished_ranges']).toBeGreaterThan(0);
  expect(countsOf(run, 't')).toEqual(expected);
  expect(countsOf(run, 'small')).toEqual({ truth_rows: 10, success: 10, extraneous: 1 });
  const named = run.log.filter(({ message }) => /^(missing|mismatching) row$/.test(message));
  expect(named.map((line) => (line['primary_key'] as { id: string }).id).toSorted()).toEqual(
    ['11000', '11900', '3', '40', '6000'].toSorted(),
  );
  expect(await readdir(folder), 'a run that ended leaves nothing to go on with').toEqual(['filters.json']);
});

test('a server that is away for good ends the run, which goes on when the server is back', async () => {
  const server = await sharedServer('postgres18');
  await using proxy = await startTcpProxy(Number(new URL(server.url).port));
  const url = new URL(urls.target);
  url.port = String(proxy.port);
  const args = [...verifyArguments(urls.source, url.href), ...(await flags())];
  const broken = startTsmolt(args);
  await untilInTheMiddle(broken);
  proxy.refuse();
  proxy.cut();
  const failed = await broken.finished;
  expect(failed.exitCode, failed.failure).toBe(2);
  expect(failed.line(/^Error/)['code']).toMatch(/^TSM200[17]$/);
  expect(failed.line(/trying again$/)).toMatchObject({ level: 'warn' });
  proxy.accept();
  const run = await startTsmolt(args).finished;
  expect(run.exitCode, run.failure).toBe(1);
  run.line(/^going on with the verification/);
  expect(countsOf(run, 't')).toEqual(expected);
});

test('connections that break in the middle are replaced, and nothing is counted twice', async () => {
  const server = await sharedServer('postgres18');
  await using proxy = await startTcpProxy(Number(new URL(server.url).port));
  const url = new URL(urls.target);
  url.port = String(proxy.port);
  const running = startTsmolt([...verifyArguments(urls.source, url.href), ...(await flags())]);
  await untilInTheMiddle(running);
  proxy.cut();
  const run = await running.finished;
  expect(run.exitCode, run.failure).toBe(1);
  run.line(/trying again$/);
  expect(countsOf(run, 't')).toEqual(expected);
});

test('what the state does not tell of is not gone on with', async () => {
  const args = [...verifyArguments(urls.source, urls.target), ...(await flags())];
  const killed = startTsmolt(args);
  await untilInTheMiddle(killed);
  killed.process.kill('SIGKILL');
  await killed.finished;
  const refused = async (message: RegExp, ...more: string[]): Promise<void> => {
    const run = await startTsmolt([...args, ...more]).finished;
    expect(run.exitCode, run.stdout).toBe(2);
    expect(run.line(message)).toMatchObject({ code: 'TSM6103', advice: expect.stringContaining(state) });
  };
  await refused(/another value of --row-batch-size/, '--row-batch-size', '300');
  await refused(/another value of --named-rows/, '--named-rows', '1');
  await refused(/tells of another target: \w+ at .*, not \w+ at/, '--target', urls.source);
  await runSql(urls.target, 'ALTER TABLE t ADD COLUMN w int');
  await runSql(urls.source, 'ALTER TABLE t ADD COLUMN w int');
  await refused(/public\.t or its counterpart/);
  await writeFile(state, '{}');
  const other = await tsmoltVerify(urls.source, urls.target, '--state-file', state);
  expect(other.exitCode).toBe(2);
  expect(other.line(/holds no state/)).toMatchObject({ code: 'TSM6103' });
  const continued = await tsmoltVerify(urls.source, urls.target, '--continue-from', state);
  expect(continued.line(/holds no state/)).toMatchObject({ code: 'TSM6103' });
  const gone = await tsmoltVerify(urls.source, urls.target, '--continue-from', join(folder, 'gone'));
  expect(gone.exitCode).toBe(2);
  expect(gone.failure).toMatch(/gone: there is no such file/);
  const nowhere = await tsmoltVerify(urls.source, urls.target, '--state-file', join(folder, 'no', 'state'));
  expect(nowhere.exitCode).toBe(2);
  expect(nowhere.line(/cannot write the state file/)).toMatchObject({ code: 'TSM4006' });
});
