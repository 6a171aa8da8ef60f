import type { StagingStore } from '@tsmolt/core';
import { runSql } from '@tsmolt/testkit';
import type { Fault } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openStandIn } from './open-stand-in.js';
import type { OpenedStandIn } from './open-stand-in.js';

let opened: OpenedStandIn;
const stores: StagingStore[] = [];

beforeAll(async () => {
  opened = await openStandIn();
});
afterAll(() => opened.close());
afterEach(async () => {
  opened.standIn.faults.clear();
  for (const store of stores.splice(0)) await store.close();
});

async function openStore(): Promise<StagingStore> {
  const { applyTarget: target } = opened.database;
  const openStaging = opened.database.openStaging?.bind(opened.database);
  if (openStaging === undefined || target === undefined) throw new Error('nothing to stage in');
  const store = await openStaging({ schema: 'staging', create: true, target });
  stores.push(store);
  return store;
}

const outcomes: readonly (readonly [string, Omit<Fault, 'match'>])[] = [
  ['an ambiguous answer, and it happened', { sqlstate: '40003', outcome: 'kept' }],
  ['an ambiguous answer, and it did not happen', { sqlstate: '40003', outcome: 'undone' }],
  ['no answer, and it happened', { disconnect: true, outcome: 'kept' }],
  ['no answer, and it did not happen', { disconnect: true, outcome: 'undone' }],
];

describe('CockroachDB (stand-in) as StagingStore, with an unknown outcome', () => {
  test.each(outcomes)('a lease is acquired: %s', async (_what, fault) => {
    const store = await openStore();
    opened.standIn.faults.failNext({ match: /^INSERT INTO .*leases/, ...fault });
    const lease = await store.acquireLease('stream');
    expect(lease).toBeDefined();
    await store.saveMemo('stream', 'checkpoint');
    expect(await (await openStore()).acquireLease('stream')).toBeUndefined();
    await lease?.release();
  });

  test('a lease is acquired later than it was asked for, and no other process has taken it over', async () => {
    const store = await openStore();
    await store.acquireLease('stream');
    await runSql(opened.url, `UPDATE staging.leases SET expires = expires - INTERVAL '1 hour'`);
    const match = /^INSERT INTO .*leases/;
    opened.standIn.faults.failNext({ match, disconnect: true, outcome: 'kept', times: 4 });
    await expect(store.acquireLease('stream')).rejects.toMatchObject({ code: 'TSM2007' });
    const lease = await store.acquireLease('stream');
    expect(lease).toBeDefined();
    await lease?.release();
  });

  test.each(outcomes)('a lease is given back: %s', async (_what, fault) => {
    const lease = await (await openStore()).acquireLease('stream');
    opened.standIn.faults.failNext({ match: /^DELETE FROM .*leases/, ...fault });
    await lease?.release();
    const next = await (await openStore()).acquireLease('stream');
    expect(next).toBeDefined();
    await next?.release();
  });

  test.each(outcomes)('transactions are proved to be shared: %s', async (_what, fault) => {
    opened.standIn.faults.failNext({ match: /^COMMIT/, at: 'commit', ...fault });
    expect((await openStore()).sharesTransactions).toBe(true);
  });
});
