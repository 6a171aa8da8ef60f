import { randomBytes } from 'node:crypto';
import { runSql, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn, JobHold, RunningServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { killPoints, survives } from '../../support/kill-rounds.js';
import type { KillRounds } from '../../support/kill-rounds.js';
import { createManyTables, startStillSource } from '../../support/still-source.js';
import type { ManyTables } from '../../support/still-source.js';
import { gcsStorage, localStorage, s3Storage } from '../../support/storages.js';

/** Only read from here on: a commit would end what can be continued. */
let source: ManyTables;
let server: RunningServer;
beforeAll(async () => {
  server = await startStillSource();
  source = await createManyTables(server, 2000);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.stop();
});

const small = [
  '--row-batch-size', '200', '--flush-rows', '70', '--table-concurrency', '2', '--export-concurrency', '2',
  '--import-batch-size', '10',
]; // prettier-ignore

/**
 * Kills when a job has read everything and committed nothing. The job goes on: to its end while nobody looks, or while the
 * next process follows it.
 */
function heldJobs(standIn: CockroachStandIn): Pick<KillRounds, 'moments' | 'afterKill' | 'onContinued'> {
  let hold: JobHold | undefined;
  return {
    moments: {
      'job held': async ({ run }) => {
        await run.printed(/"continuing fetch"/);
        hold = standIn.holdJob(/IMPORT/);
        await hold.reached;
      },
    },
    afterKill: (random) => {
      if (random.below(2) === 0) hold?.release();
    },
    onContinued: (run) => {
      const held = hold;
      // One that is killed before it says so leaves the job to the next.
      run.printed(/"continuing fetch"/).then(
        () => held?.release(),
        () => undefined,
      );
    },
  };
}

describe.concurrent(
  'a fetch that loads with IMPORT INTO of the CockroachDB stand-in and is killed again and again',
  () => {
    test.each([
      { name: 'a served directory', open: () => localStorage(true), unsharded: false },
      {
        name: 'a served directory, tables without a key among them',
        open: () => localStorage(true),
        unsharded: true,
      },
      { name: 'S3, tables without a key among them', open: s3Storage, unsharded: true },
      { name: 'the stand-in of Google Cloud Storage', open: gcsStorage, unsharded: false },
    ])('ends with every row once, through $name', { timeout: 180_000 }, async ({ open, unsharded }) => {
      const storage = await open();
      const postgres = new URL((await sharedServer('postgres18')).url);
      const database = `crdb_${randomBytes(6).toString('hex')}`;
      const standIn = await startCockroachStandIn({ postgresUrl: postgres.href, database });
      const inspect = new URL(`/${database}`, postgres).href;
      try {
        await expect(
          survives({
            source: source.url,
            target: standIn.url,
            inspect,
            tables: [...source.keyed, ...(unsharded ? source.unkeyed : [])],
            args: [...small, ...(unsharded ? ['--skip-pk-check'] : ['--table-exclusion-filter', 'bag.*'])],
            storage,
            points: killPoints('job held'),
            ...heldJobs(standIn),
          }),
        ).resolves.toBeUndefined();
      } finally {
        await standIn.stop();
        await runSql(postgres.href, `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
        await storage.close();
      }
    });
  },
);
