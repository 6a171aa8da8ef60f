import { startPostgres18 } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { postgresWorkload } from '../../support/replication-dialects.js';
import { expectSurvived } from '../../support/replication-expectations.js';
import { longRun, undergo } from '../../support/replication-ordeal.js';
import { streamingSettings } from '../../support/replication-streaming.js';

/** Each statement takes the stand-in several times as long: small batches, or none would ever be left in peace. */
const toStandIn = {
  target: 'CockroachDB stand-in',
  writers: 3,
  largeRows: 10_000,
  streaming: 'always',
  flushSize: 100,
} as const;
const toPostgres = { target: 'PostgreSQL', writers: 4, largeRows: 50_000, streaming: 'by turns' } as const;

/** MySQL and MariaDB have PostgreSQL as their target in each run. */
test.each(longRun ? [toPostgres, toStandIn] : [toStandIn])(
  'PostgreSQL to $target: whatever fails, every transaction arrives once, whole and in order',
  { timeout: longRun ? 600_000 : 120_000 },
  async (direction) => {
    const result = await undergo({
      dialect: postgresWorkload,
      // Writers that wait for each other are told early.
      startSource: () =>
        startPostgres18({ own: true, settings: { deadlock_timeout: '50ms', ...streamingSettings } }),
      seconds: 20,
      ...direction,
    });
    expectSurvived(result);
    expect(result.committed).toBeGreaterThan(100);
    expect(result.streamed).toBeGreaterThan(0);
  },
);
