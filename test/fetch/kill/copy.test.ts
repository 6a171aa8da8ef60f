import { createDatabase, sharedServer } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { killPoints, survives } from '../../support/kill-rounds.js';
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
  '--use-copy', '--row-batch-size', '200', '--flush-rows', '70', '--table-concurrency', '2', '--export-concurrency', '2',
]; // prettier-ignore

describe.concurrent('a fetch that loads with COPY into PostgreSQL 18 and is killed again and again', () => {
  test.each([
    { name: 'a local directory', open: () => localStorage(false), unsharded: false },
    {
      name: 'a local directory, tables without a key among them',
      open: () => localStorage(false),
      unsharded: true,
    },
    { name: 'S3, tables without a key among them', open: s3Storage, unsharded: true },
    { name: 'the stand-in of Google Cloud Storage', open: gcsStorage, unsharded: false },
  ])('ends with every row once, through $name', { timeout: 120_000 }, async ({ open, unsharded }) => {
    const storage = await open();
    const target = await createDatabase(await sharedServer('postgres18'));
    try {
      const all = [...source.keyed, ...source.unkeyed];
      await expect(
        survives({
          source: source.url,
          target: target.url,
          tables: unsharded ? all : source.keyed,
          args: [...small, ...(unsharded ? ['--skip-pk-check'] : ['--table-exclusion-filter', 'bag.*'])],
          storage,
          points: killPoints(),
        }),
      ).resolves.toBeUndefined();
    } finally {
      await target.drop();
      await storage.close();
    }
  });
});
