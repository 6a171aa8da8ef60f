import { randomBytes } from 'node:crypto';
import {
  createDatabase, runSql, seededRandom, sharedServer, startCockroachStandIn, startTcpProxy,
} from '@tsmolt/testkit'; // prettier-ignore
import type { Fault, TestDatabase } from '@tsmolt/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { StatusWatch } from '../../support/fetch-status.js';
import { fingerprints } from '../../support/fingerprints.js';
import { localStorage } from '../../support/storages.js';
import type { Storage } from '../../support/storages.js';
import { startFetch } from '../../support/tsmolt.js';
import type { Running } from '../../support/tsmolt.js';

let source: TestDatabase;
let storage: Storage;
beforeEach(async () => {
  source = await createDatabase(await sharedServer('postgres18'));
  storage = await localStorage(false);
  await runSql(
    source.url,
    'CREATE TABLE a (id bigint PRIMARY KEY, v text)',
    `INSERT INTO a SELECT i, md5(i::text) FROM generate_series(1, 3000) i`,
    // Nothing on the target would refuse these rows a second time.
    'CREATE TABLE bag (id bigint, v text)',
    `INSERT INTO bag SELECT i % 100, md5(i::text) FROM generate_series(1, 3000) i`,
  );
});
afterEach(async () => {
  await Promise.all([source.drop(), storage.close()]);
});

const tables = ['a', 'bag'];
const args = [
  '--use-copy', '--skip-pk-check', '--flush-rows', '60', '--table-concurrency', '2',
  '--table-handling', 'drop-on-target-and-recreate', '--export-retry-max-attempts', '6',
]; // prettier-ignore

/** What a client may learn of its COMMIT, whatever became of it. */
const lostCommits: readonly [Fault, ...Fault[]] = [
  { match: /./, at: 'commit', outcome: 'kept', disconnect: true },
  { match: /./, at: 'commit', outcome: 'undone', disconnect: true },
  { match: /./, at: 'commit', outcome: 'kept', sqlstate: '40003' },
  { match: /./, at: 'commit', outcome: 'undone', sqlstate: '40003' },
  { match: /./, at: 'commit', outcome: 'undone', sqlstate: '40001' },
];

/** Does something again and again, each time after a few more files have been exported or loaded. */
async function whileItRuns(run: Running, watch: StatusWatch, strike: () => void): Promise<number> {
  const random = seededRandom(Number(process.env['TSMOLT_TEST_SEED'] ?? 1));
  let strikes = 0;
  let ended = false;
  void run.finished.then(() => (ended = true));
  while (!ended) {
    const { exported, loaded } = await watch.progress();
    const wanted = exported + loaded + random.below(6);
    const arrived = watch
      .until(run, (now) => now.exported + now.loaded > wanted)
      .then(
        () => true,
        () => false,
      );
    if (!(await arrived)) break;
    strike();
    strikes++;
  }
  return strikes;
}

describe('a COMMIT whose outcome the client does not learn', () => {
  test('whether it happened is found out, and the run goes on by itself (CockroachDB stand-in)', async () => {
    const postgres = new URL((await sharedServer('postgres18')).url);
    const database = `crdb_${randomBytes(6).toString('hex')}`;
    const standIn = await startCockroachStandIn({ postgresUrl: postgres.href, database });
    const inspect = new URL(`/${database}`, postgres).href;
    const watch = await StatusWatch.open(inspect);
    try {
      const run = startFetch(source.url, standIn.url, ...args, ...storage.args);
      let next = 0;
      const strikes = await whileItRuns(run, watch, () =>
        standIn.faults.failNext(lostCommits[next++ % lostCommits.length] ?? lostCommits[0]),
      );
      const finished = await run.finished;
      expect(finished.exitCode, finished.failure).toBe(0);
      expect(strikes, 'commits that were struck').toBeGreaterThan(lostCommits.length);
      expect(await fingerprints(inspect, tables)).toEqual(await fingerprints(source.url, tables));
    } finally {
      await watch.close();
      await standIn.stop();
      await runSql(postgres.href, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    }
  });

  test('all connections to PostgreSQL break, again and again', async () => {
    const target = await createDatabase(await sharedServer('postgres18'));
    const watch = await StatusWatch.open(target.url);
    const proxy = await startTcpProxy(Number(new URL(target.url).port));
    const throughProxy = new URL(target.url);
    throughProxy.port = String(proxy.port);
    try {
      const run = startFetch(source.url, throughProxy.href, ...args, ...storage.args);
      const strikes = await whileItRuns(run, watch, () => proxy.cut());
      const finished = await run.finished;
      expect(finished.exitCode, finished.failure).toBe(0);
      expect(strikes).toBeGreaterThan(5);
      expect(await fingerprints(target.url, tables)).toEqual(await fingerprints(source.url, tables));
    } finally {
      await watch.close();
      await proxy.close();
      await target.drop();
    }
  });
});
