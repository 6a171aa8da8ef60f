import { connectSql, createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { RunningServer, TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { killNow, StatusWatch } from '../../support/fetch-status.js';
import { fingerprints } from '../../support/fingerprints.js';
import { startStillSource } from '../../support/still-source.js';
import { localStorage, s3Storage } from '../../support/storages.js';
import type { Storage } from '../../support/storages.js';
import { startFetch } from '../../support/tsmolt.js';
import type { Finished, Running } from '../../support/tsmolt.js';

/** One server and one database a test: whatever a test commits on the source is over before the next one begins. */
let server: RunningServer;
let source: TestDatabase;
let target: TestDatabase;
let storage: Storage;
let watch: StatusWatch;
beforeAll(async () => {
  server = await startStillSource();
});
afterAll(() => server.stop());
beforeEach(async () => {
  source = await createDatabase(server);
  target = await createDatabase(await sharedServer('postgres18'));
  storage = await localStorage(false);
  watch = await StatusWatch.open(target.url);
});
afterEach(async () => {
  await watch.close();
  await Promise.all([source.drop(), target.drop(), storage.close()]);
  vi.unstubAllEnvs();
});

const small = [
  '--use-copy', '--row-batch-size', '200', '--flush-rows', '70', '--table-concurrency', '2', '--export-concurrency', '2',
]; // prettier-ignore
const recreate = ['--table-handling', 'drop-on-target-and-recreate'];

function start(...args: string[]): Running {
  return startFetch(source.url, target.url, ...small, ...storage.args, ...args);
}

async function goOn(...args: string[]): Promise<Finished> {
  return start('--fetch-id', await watch.fetchId(), ...args).finished;
}

async function createTables(rows = 4000): Promise<void> {
  await runSql(
    source.url,
    'CREATE TABLE a (id bigint PRIMARY KEY, v text)',
    'CREATE TABLE b (id bigint PRIMARY KEY, v text)',
    ...['a', 'b'].map(
      (table) => `INSERT INTO ${table} SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, ${rows}) i`,
    ),
    'VACUUM ANALYZE',
  );
}

async function killWhileExporting(...args: string[]): Promise<Finished> {
  const run = start(...args);
  await watch.until(run, ({ exported, ranges }) => exported > 0 && exported < ranges);
  await killNow(run);
  return run.finished;
}

async function expectEqual(): Promise<void> {
  expect(await fingerprints(target.url, ['a', 'b'])).toEqual(await fingerprints(source.url, ['a', 'b']));
}

describe('the source has moved on between kill and continuation', () => {
  test('the fetch ends by itself, and with --if-snapshot-lost restart it ends with the new rows', async () => {
    await createTables();
    await killWhileExporting(...recreate);
    await runSql(source.url, `DELETE FROM a WHERE id % 2 = 0`, `INSERT INTO b VALUES (-1, 'new')`);

    const refused = await goOn(...recreate);
    expect(refused.exitCode, refused.failure).toBe(1);
    expect(refused.line(/^Error/)).toMatchObject({
      code: 'TSM5004',
      advice: expect.stringContaining('--if-snapshot-lost restart'),
    });

    const restarted = await goOn(...recreate, '--if-snapshot-lost', 'restart');
    expect(restarted.exitCode, restarted.failure).toBe(0);
    await expectEqual();
    expect(await storage.list()).toEqual(await watch.fileNames());
  });

  test('--if-snapshot-lost restart is refused where rows could be there twice', async () => {
    await createTables();
    await runSql(
      target.url,
      'CREATE TABLE a (id bigint PRIMARY KEY, v text)',
      'CREATE TABLE b (LIKE a INCLUDING ALL)',
    );
    await killWhileExporting();
    await runSql(source.url, `INSERT INTO b VALUES (-1, 'new')`);
    const refused = await goOn('--if-snapshot-lost', 'restart');
    expect(refused.exitCode).toBe(1);
    expect(refused.line(/^Error/)).toMatchObject({
      code: 'TSM1001',
      message: expect.stringContaining('load rows twice'),
    });
  });

  test('it does not matter any more when all ranges are exported', async () => {
    await createTables();
    const before = await fingerprints(source.url, ['a', 'b']);
    const run = start(...recreate);
    const letGo = await holdLoads();
    await watch.until(run, ({ ranges, exported }) => ranges > 20 && exported === ranges);
    // Every table is noted as exported right after its last range.
    await expect
      .poll(() => runSql(target.url, `SELECT FROM _molt_fetch.tables WHERE state = 'planned'`))
      .toEqual([]);
    await killNow(run);
    await letGo();
    await runSql(source.url, 'DELETE FROM a');
    const finished = await goOn(...recreate);
    expect(finished.exitCode, finished.failure).toBe(0);
    expect(await fingerprints(target.url, ['a', 'b'])).toEqual(before);
  });
});

const byNumber = (left: number | null, right: number | null): number => Number(left) - Number(right);

/** Keeps every file from being loaded, from the moment that the tables are there, until the function is called. */
async function holdLoads(): Promise<() => Promise<void>> {
  const client = await connectSql(target.url);
  await expect
    .poll(
      () =>
        client.query('BEGIN; LOCK TABLE a, b IN SHARE MODE').then(
          () => 'locked',
          async () => (await client.query('ROLLBACK')).command,
        ),
      { interval: 2, timeout: 20_000 },
    )
    .toBe('locked');
  return () => client.end();
}

describe('killed before anything was exported', () => {
  test('while it waits for the snapshot: it starts afresh, from what the source is then', async () => {
    await createTables();
    const blocker = await connectSql(source.url);
    await blocker.query('BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE');
    const run = start(...recreate);
    await watch.until(run, ({ run: state }) => state === 'preparing');
    await killNow(run);
    await blocker.query('COMMIT');
    await blocker.query(`INSERT INTO a VALUES (-1, 'new')`);
    await blocker.end();
    const finished = await goOn(...recreate);
    expect(finished.exitCode, finished.failure).toBe(0);
    await expectEqual();
  });

  test('during its first upload: the source may have changed, and nobody has to be asked', async () => {
    await createTables();
    await storage.close();
    storage = await s3Storage();
    const uploading = storage.uploading();
    const run = start(...recreate, '--table-concurrency', '1', '--export-concurrency', '1');
    await uploading;
    await killNow(run);
    storage.letGo();
    expect(await watch.progress()).toMatchObject({ run: 'running', exported: 0 });
    await runSql(source.url, `INSERT INTO a VALUES (-1, 'new')`);
    const finished = await goOn(...recreate);
    expect(finished.exitCode, finished.failure).toBe(0);
    expect(finished.line(/the snapshot of the interrupted run is gone/).level).toBe('warn');
    await expectEqual();
  });
});

describe('two processes that continue the same fetch at the same time', () => {
  test('one does it, the other waits for it and finds nothing left to do', async () => {
    await createTables();
    const killed = start(...recreate);
    await watch.until(killed, ({ loaded, files }) => loaded > 0 && loaded < files);
    await killNow(killed);
    const id = await watch.fetchId();
    const runs = [start(...recreate, '--fetch-id', id), start(...recreate, '--fetch-id', id)];
    const finished = await Promise.all(runs.map((run) => run.finished));
    expect(
      finished.map(({ exitCode }) => exitCode).toSorted(byNumber),
      finished.map((one) => one.failure).join('\n'),
    ).toEqual([0, 1]);
    const second = finished.find(({ exitCode }) => exitCode === 1);
    expect(second?.line(/^waiting until the process/).level).toBe('info');
    expect(second?.line(/^Error/)).toMatchObject({
      code: 'TSM1007',
      message: expect.stringContaining('is complete'),
    });
    await expectEqual();
  });

  test('from its beginning: it is begun once', async () => {
    await createTables();
    await runSql(target.url, 'CREATE TABLE a (id bigint, v text)', 'CREATE TABLE b (id bigint, v text)');
    const blocker = await connectSql(source.url);
    await blocker.query('BEGIN; LOCK TABLE a IN ACCESS EXCLUSIVE MODE');
    const killed = start('--skip-pk-check');
    await watch.until(killed, ({ run: state }) => state === 'preparing');
    await killNow(killed);
    await blocker.end();
    const id = await watch.fetchId();
    const runs = [start('--skip-pk-check', '--fetch-id', id), start('--skip-pk-check', '--fetch-id', id)];
    const finished = await Promise.all(runs.map((run) => run.finished));
    expect(
      finished.map(({ exitCode }) => exitCode).toSorted(byNumber),
      finished.map((one) => one.failure).join('\n'),
    ).toEqual([0, 1]);
    await expectEqual();
  });
});

describe('stopped by Ctrl-C', () => {
  test('it says how to go on, leaves nothing half-written, and the next process need not wait', async () => {
    await createTables();
    const run = start(...recreate);
    await watch.until(run, ({ loaded, files }) => loaded > 0 && loaded < files);
    run.process.kill('SIGINT');
    const stopped = await run.finished;
    const id = await watch.fetchId();
    expect(stopped.exitCode, stopped.failure).toBe(130);
    expect(stopped.line(/^the fetch can go on/)).toMatchObject({
      fetch_id: id,
      message: expect.stringContaining(`--fetch-id ${id}`),
    });
    expect(stopped.line('table to continue')).toMatchObject({ continuation_token: expect.any(String) });
    expect((await storage.list()).filter((name) => name.endsWith('.partial'))).toEqual([]);

    const finished = await goOn(...recreate);
    expect(finished.exitCode, finished.failure).toBe(0);
    expect(finished.stdout).not.toContain('waiting until the process');
    await expectEqual();
  });
});

describe('stopped by Ctrl-C while the target waits for a lock', () => {
  test('it does not wait for the lock', async () => {
    await createTables(100);
    await runSql(target.url, 'CREATE TABLE a (id bigint PRIMARY KEY, v text)');
    const lock = await connectSql(target.url);
    await lock.query('BEGIN; LOCK TABLE a IN SHARE MODE');
    const run = start('--table-filter', 'a');
    await watch.until(run, ({ loading }) => loading > 0);
    run.process.kill('SIGINT');
    expect((await run.finished).exitCode).toBe(130);
    await lock.end();
    const finished = await goOn('--table-filter', 'a');
    expect(finished.exitCode, finished.failure).toBe(0);
    expect(await fingerprints(target.url, ['a'])).toEqual(await fingerprints(source.url, ['a']));
  });
});

describe('replication', () => {
  const withSlot = (): string[] => [
    ...recreate, '--pglogical-replication-slot-name', `slot_${source.name}`,
    '--pglogical-publication-and-slot-drop-and-recreate',
  ]; // prettier-ignore
  const slots = () =>
    runSql<{ lsn: string }>(
      source.url,
      `SELECT confirmed_flush_lsn::text AS lsn FROM pg_replication_slots WHERE slot_name = 'slot_${source.name}'`,
    );

  test('the slot of the killed run is kept, and the cursor is the same', async () => {
    await createTables();
    const killed = await killWhileExporting(...withSlot());
    const before = await slots();
    const finished = await goOn(...withSlot());
    expect(finished.exitCode, finished.failure).toBe(0);
    const cursor = killed.line('starting fetch')['cdc_cursor'];
    expect(finished.line('fetch complete')['cdc_cursor']).toBe(cursor);
    expect(await slots()).toEqual(before);
    expect(before).toEqual([{ lsn: cursor }]);
  });

  test('a fetch that starts again does not take its old slot for its own without being told to', async () => {
    await createTables();
    const withoutDrop = withSlot().slice(0, -1);
    const killed = await killWhileExporting(...withoutDrop);
    await runSql(source.url, `INSERT INTO a VALUES (-1, 'new')`);
    const refused = await goOn(...withoutDrop, '--if-snapshot-lost', 'restart');
    expect(refused.line(/^Error/)).toMatchObject({
      code: 'TSM5001',
      advice: expect.stringContaining('--pglogical-publication-and-slot-drop-and-recreate'),
    });

    const finished = await goOn(...withSlot());
    expect(finished.exitCode, finished.failure).toBe(0);
    const cursor = finished.line('fetch complete')['cdc_cursor'];
    expect(cursor).not.toBe(killed.line('starting fetch')['cdc_cursor']);
    expect(await slots()).toEqual([{ lsn: cursor }]);
    await expectEqual();
  });
});

describe('refused', () => {
  test('another path, another source, an unknown fetch, and one that is complete', async () => {
    await createTables(1000);
    const run = start(...recreate);
    await watch.until(run, ({ files }) => files > 0);
    run.process.kill('SIGINT');
    await run.finished;
    const id = await watch.fetchId();

    const elsewhere = await localStorage(false);
    const otherPath = await goOn(...recreate, ...elsewhere.args);
    expect(otherPath.line(/^Error/)).toMatchObject({
      code: 'TSM1001',
      message: expect.stringMatching(/has its files in local directory .*, not in local directory/),
    });
    await elsewhere.close();

    const other = await createDatabase(server);
    const otherSource = await startFetch(other.url, target.url, ...small, ...storage.args, '--fetch-id', id)
      .finished;
    expect(otherSource.line(/^Error/)).toMatchObject({
      code: 'TSM1001',
      message: expect.stringContaining('was started from'),
    });
    expect(otherSource.stdout).not.toContain('password');
    await other.drop();

    const unknown = await start('--fetch-id', id.replaceAll(/[0-9]/g, 'a')).finished;
    expect(unknown.line(/^Error/)).toMatchObject({
      code: 'TSM1007',
      message: expect.stringContaining('knows no fetch'),
    });
  });

  test('a fetch that is complete', async () => {
    await createTables(100);
    expect((await start(...recreate).finished).exitCode).toBe(0);
    const again = await goOn(...recreate);
    expect(again.exitCode).toBe(1);
    expect(again.line(/^Error/)).toMatchObject({
      code: 'TSM1007',
      message: expect.stringContaining('is complete'),
    });
    expect(again.stdout).not.toContain('the fetch can go on');
  });
});
