import { randomBytes } from 'node:crypto';
import { createDatabase, runSql, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn, JobHold, TestDatabase } from '@tsmolt/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { killNow, StatusWatch } from '../../support/fetch-status.js';
import { fingerprints } from '../../support/fingerprints.js';
import { localStorage } from '../../support/storages.js';
import type { Storage } from '../../support/storages.js';
import { startFetch } from '../../support/tsmolt.js';
import type { Running } from '../../support/tsmolt.js';

let source: TestDatabase;
let standIn: CockroachStandIn;
let inspect = '';
let storage: Storage;
let watch: StatusWatch;
beforeEach(async () => {
  const server = await sharedServer('postgres18');
  source = await createDatabase(server);
  const database = `crdb_${randomBytes(6).toString('hex')}`;
  standIn = await startCockroachStandIn({ postgresUrl: server.url, database });
  inspect = new URL(`/${database}`, server.url).href;
  storage = await localStorage(true);
  watch = await StatusWatch.open(inspect);
  await runSql(
    source.url,
    // Nothing on the target would refuse these rows a second time.
    'CREATE TABLE bag (id bigint, v text)',
    `INSERT INTO bag SELECT i % 100, md5(i::text) FROM generate_series(1, 500) i`,
  );
});
afterEach(async () => {
  await watch.close();
  await standIn.stop();
  await Promise.all([source.drop(), storage.close()]);
  await runSql(
    (await sharedServer('postgres18')).url,
    `DROP DATABASE ${new URL(inspect).pathname.slice(1)} WITH (FORCE)`,
  );
});

function start(...args: string[]): Running {
  return startFetch(
    source.url,
    standIn.url,
    '--skip-pk-check',
    '--flush-rows',
    '100',
    ...storage.args,
    ...args,
  );
}
const recreate = ['--table-handling', 'drop-on-target-and-recreate'];

async function expectEqual(): Promise<void> {
  expect(await fingerprints(inspect, ['bag'])).toEqual(await fingerprints(source.url, ['bag']));
}

/** How often an import was asked for. */
function imports(): number {
  return standIn.statements().filter((sql) => sql.startsWith('IMPORT INTO')).length;
}

/** Kills between the start of a job and the note of its number. @returns the job, which has read everything */
async function killBeforeJobIsNoted(): Promise<JobHold> {
  const hold = standIn.holdJob(/IMPORT/);
  // The server takes the job, and the client never hears its number.
  standIn.faults.failNext({ match: /^IMPORT/, outcome: 'kept', disconnect: true });
  // Nor is the client told of it when it looks.
  standIn.faults.failNext({ match: /SHOW JOBS/, disconnect: true, times: 1000 });
  const run = start(...recreate);
  await hold.reached;
  expect(await watch.progress()).toMatchObject({ loading: 5, loaded: 0, jobs: 0 });
  await killNow(run);
  standIn.faults.clear();
  return hold;
}

describe('killed before the number of its import job was known', () => {
  test('the next process finds the job, though it serves the files at another address', async () => {
    (await killBeforeJobIsNoted()).release();
    const finished = await start(...recreate, '--fetch-id', await watch.fetchId()).finished;
    expect(finished.exitCode, finished.failure).toBe(0);
    await expectEqual();
    expect(imports(), 'imports asked for').toBe(1);
  });

  test('jobs of an earlier fetch with files of the same names are not taken for its own', async () => {
    const first = await start(...recreate).finished;
    expect(first.exitCode, first.failure).toBe(0);
    await runSql(standIn.url, 'DROP TABLE bag', 'DROP SCHEMA _molt_fetch CASCADE');
    await runSql(source.url, `UPDATE bag SET v = 'of the second fetch'`);
    // Killed when the files are claimed and no job was started.
    standIn.faults.failNext({ match: /^IMPORT/, disconnect: true, times: 1000 });
    const run = start(...recreate);
    await watch.until(run, ({ loading }) => loading === 5);
    await killNow(run);
    standIn.faults.clear();
    const finished = await start(...recreate, '--fetch-id', await watch.fetchId()).finished;
    expect(finished.exitCode, finished.failure).toBe(0);
    await expectEqual();
  });

  test('a job that failed meanwhile has left nothing, and its files are imported again', async () => {
    const job = await killBeforeJobIsNoted();
    standIn.faults.failNext({ match: /IMPORT/, at: 'job', message: 'node is draining' });
    job.release();
    await expect.poll(() => standIn.faults.pending).toBe(0);
    const finished = await start(...recreate, '--fetch-id', await watch.fetchId()).finished;
    expect(finished.exitCode, finished.failure).toBe(0);
    await expectEqual();
    expect(imports(), 'imports asked for').toBe(2);
  });
});

describe('a job whose number is noted', () => {
  test('Ctrl-C cancels it, waits for its end, and the fetch can go on at once', async () => {
    const hold = standIn.holdJob(/IMPORT/);
    const run = start(...recreate);
    await hold.reached;
    await watch.until(run, ({ jobs }) => jobs === 1);
    run.process.kill('SIGINT');
    const stopped = await run.finished;
    expect(stopped.exitCode, stopped.failure).toBe(130);
    expect(await watch.progress()).toMatchObject({ loading: 0, loaded: 0, jobs: 0 });
    expect(await fingerprints(inspect, ['bag'])).toMatchObject([{ rows: 0 }]);

    const finished = await start(...recreate, '--fetch-id', await watch.fetchId()).finished;
    expect(finished.exitCode, finished.failure).toBe(0);
    expect(finished.stdout).not.toContain('waiting until the process');
    await expectEqual();
  });
});
