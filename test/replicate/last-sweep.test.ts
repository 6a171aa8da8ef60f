import { runSql, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn, Fault } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { slotPair, startFollowing } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';

let standIn: CockroachStandIn;
let pair: SlotPair;
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());
beforeEach(async () => {
  pair = await slotPair(standIn);
  await pair.onBoth(
    'CREATE TABLE parent (id int PRIMARY KEY)',
    'CREATE TABLE child (id int PRIMARY KEY, parent int)',
  );
  await pair.onTarget('ALTER TABLE child ADD FOREIGN KEY (parent) REFERENCES parent');
});
afterEach(async () => {
  standIn.faults.clear();
  await pair.drop();
});

const faults: readonly (readonly [string, Partial<Fault>])[] = [
  ['a conflict', { sqlstate: '40001' }],
  ['an ambiguous answer to COMMIT, which happened', { sqlstate: '40003', outcome: 'kept' }],
  ['an ambiguous answer to COMMIT, which did not happen', { sqlstate: '40003', outcome: 'undone' }],
];

test.each(faults)('what waits is tried once more when it ends, whatever passes: %s', async (_what, fault) => {
  const running = startFollowing(pair, { quiescentPeriod: 3_600_000 });
  await pair.onSource('INSERT INTO child VALUES (1, 1)');
  await running.said(/waits in staging/);
  await pair.onTarget('INSERT INTO parent VALUES (1)');
  standIn.faults.failNext({ match: /^COMMIT/, at: 'commit', ...fault });
  expect(await running.drain()).toMatchObject({ ended: 'drained', waiting: 0, deadLetters: 0 });
  expect(standIn.faults.pending).toBe(0);
  expect(await runSql(pair.target, 'SELECT * FROM child')).toHaveLength(1);
});
