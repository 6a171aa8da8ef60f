import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { connectSql, createDatabase, runSql, s3Error, sharedServer } from '@tsmolt/testkit';
import type { HttpFault, RunningServer, TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { StatusWatch } from '../support/fetch-status.js';
import { fingerprints } from '../support/fingerprints.js';
import { startStillSource } from '../support/still-source.js';
import { localStorage, s3Storage } from '../support/storages.js';
import type { S3Storage } from '../support/storages.js';
import { startFetch } from '../support/tsmolt.js';
import type { Finished, Running } from '../support/tsmolt.js';

let server: RunningServer;
let source: TestDatabase;
let target: TestDatabase;
let s3: S3Storage;
let watch: StatusWatch;
beforeAll(async () => {
  server = await startStillSource();
  source = await createDatabase(server);
  await runSql(
    source.url,
    'CREATE TABLE bag (id bigint, v text)',
    `INSERT INTO bag SELECT i % 50, repeat(md5(i::text), 3) FROM generate_series(1, 1500) i`,
  );
});
afterAll(() => server.stop());
beforeEach(async () => {
  s3 = await s3Storage();
  target = await createDatabase(await sharedServer('postgres18'));
  watch = await StatusWatch.open(target.url);
});
afterEach(async () => {
  await watch.close();
  await Promise.all([target.drop(), s3.close()]);
  vi.unstubAllEnvs();
});

function start(...args: string[]): Running {
  return startFetch(
    source.url, target.url, '--use-copy', '--skip-pk-check', '--flush-rows', '100',
    '--table-handling', 'drop-on-target-and-recreate', ...args,
  ); // prettier-ignore
}

async function expectEqual(finished: Finished): Promise<void> {
  expect(finished.exitCode, finished.failure).toBe(0);
  expect(await fingerprints(target.url, ['bag'])).toEqual(await fingerprints(source.url, ['bag']));
}

const part = (number: number): RegExp => new RegExp(`part_0000000${number}\\.csv`);

describe('S3 that fails for a while', () => {
  test.each<{ readonly name: string; readonly faults: readonly HttpFault[] }>([
    {
      name: 'answers 500 and 503',
      faults: [
        { method: 'PUT', match: part(2), times: 2, answer: s3Error(500, 'InternalError') },
        { method: 'PUT', match: part(3), times: 2, answer: s3Error(503, 'SlowDown') },
        { method: 'GET', match: part(2), times: 2, answer: s3Error(503, 'SlowDown') },
      ],
    },
    {
      name: 'cuts connections',
      faults: [
        { method: 'PUT', match: part(1), cut: { in: 'request', afterBytes: 1000 } },
        { method: 'PUT', match: part(4), cut: { in: 'response', afterBytes: 0 } },
        { method: 'GET', match: part(2), cut: { in: 'response', afterBytes: 0 } },
        { method: 'GET', match: part(5), times: 2, cut: { in: 'response', afterBytes: 2000 } },
      ],
    },
    {
      name: 'is slow',
      faults: [
        { method: 'PUT', match: part(1), delayMs: 500 },
        { method: 'GET', match: part(3), drip: { bytes: 1000, everyMs: 20 } },
      ],
    },
  ])('and $name is borne with: every row is there once', async ({ faults }) => {
    for (const fault of faults) s3.faults.failNext(fault);
    await expectEqual(await start(...s3.args).finished);
    const wanted = faults.reduce((sum, { times = 1 }) => sum + times, 0);
    expect(s3.faults.requests.filter(({ faulty }) => faulty)).toHaveLength(wanted);
  });
});

describe('S3 that fails for good', () => {
  test.each(['PUT', 'GET'])(
    'at each %s of a file ends the run, which goes on when S3 is back',
    async (method) => {
      s3.faults.failNext({ method, match: part(7), times: Infinity, answer: s3Error(503, 'SlowDown') });
      const failed = await start(...s3.args, '--export-retry-max-attempts', '1').finished;
      expect(failed.exitCode).toBe(1);
      expect(failed.line(/^Error/)).toMatchObject({
        code: 'TSM6003',
        message: expect.stringMatching(/public\.bag.*s3:\/\/kill\/data.*(SlowDown|503)/),
      });
      expect(failed.line(/^the fetch can go on/)).toMatchObject({ fetch_id: await watch.fetchId() });
      expect(failed.stdout + failed.stderr).not.toContain('S3RVER');

      s3.faults.clear();
      await expectEqual(await start(...s3.args, '--fetch-id', await watch.fetchId()).finished);
      expect(await s3.list()).toEqual(await watch.fileNames());
    },
  );
});

/** The process is stopped when everything is exported, and something happens to the files before it goes on. */
async function stopBeforeLoad(...storage: readonly string[]): Promise<void> {
  await runSql(target.url, 'CREATE TABLE bag (id bigint, v text)');
  // Whoever loads waits behind this lock: only the export gets done.
  const lock = await connectSql(target.url);
  const run = start(...storage, '--table-handling', 'none');
  await lock.query('BEGIN; LOCK TABLE bag IN SHARE MODE');
  await watch.until(run, ({ files, exported, ranges }) => files > 0 && ranges > 0 && exported === ranges);
  await expect
    .poll(() => runSql(target.url, `SELECT state FROM _molt_fetch.tables`))
    .toEqual([{ state: 'exported' }]);
  run.process.kill('SIGINT');
  await run.printed(/"stopping/);
  await lock.end();
  expect((await run.finished).exitCode).toBe(130);
}

describe('files that are not what was written', () => {
  test.each([
    {
      name: 'a changed one',
      change: (text: string) => text.replace(/[0-9a-f]{32}/, (hash) => hash.split('').toReversed().join('')),
    },
    { name: 'one with a row more', change: (text: string) => `${text}7,more\n` },
    { name: 'one that is cut off', change: (text: string) => text.slice(0, text.indexOf('\n', 2000) + 1) },
  ])('$name in S3 is refused, with its name, and nothing of it is loaded', async ({ change }) => {
    await stopBeforeLoad(...s3.args);
    const key = (await s3.list())[4] ?? '';
    const original = await s3.get(key);
    await s3.put(key, change(original));
    const failed = await start(...s3.args, '--fetch-id', await watch.fetchId(), '--table-handling', 'none')
      .finished;
    expect(failed.exitCode).toBe(1);
    expect(failed.line(/^Error/)).toMatchObject({ code: 'TSM6002', message: expect.stringContaining(key) });
    const [held] = await runSql<{ n: number }>(target.url, 'SELECT count(*)::int AS n FROM bag');
    expect(held?.n, 'the files before it').toBe(400);

    await s3.put(key, original);
    await expectEqual(
      await start(...s3.args, '--fetch-id', await watch.fetchId(), '--table-handling', 'none').finished,
    );
  });

  test('one that is gone from S3 is named', async () => {
    await stopBeforeLoad(...s3.args);
    const key = (await s3.list())[4] ?? '';
    await s3.remove(key);
    const failed = await start(...s3.args, '--fetch-id', await watch.fetchId(), '--table-handling', 'none')
      .finished;
    expect(failed.exitCode).toBe(1);
    expect(failed.line(/^Error/)).toMatchObject({ code: 'TSM6002', message: expect.stringContaining(key) });
  });

  test('a packed one in a directory, and one that is gone from there', async () => {
    const local = await localStorage(false);
    await stopBeforeLoad(...local.args, '--compression', 'gzip');
    const [, folder = ''] = local.args;
    const path = join(folder, (await local.list())[2] ?? '');
    const original = await readFile(path);
    // Still a stream of gzip, and of other rows.
    await writeFile(path, gzipSync(`${gunzipSync(original).toString()}7,more\n`));
    const goOn = async () =>
      start(...local.args, '--fetch-id', await watch.fetchId(), '--table-handling', 'none').finished;
    const changed = await goOn();
    expect(changed.line(/^Error/)).toMatchObject({
      code: 'TSM6002',
      message: expect.stringContaining('checksum'),
    });
    await writeFile(path, original.subarray(0, original.length - 20));
    const cutOff = await goOn();
    expect(cutOff.line(/^Error/)).toMatchObject({
      code: 'TSM6002',
      message: expect.stringContaining('checksum'),
    });
    await rm(path);
    const gone = await goOn();
    expect(gone.line(/^Error/)).toMatchObject({
      code: 'TSM6002',
      message: expect.stringContaining('there is no'),
    });
    await writeFile(path, original);
    await expectEqual(await goOn());
    await local.close();
  });
});
