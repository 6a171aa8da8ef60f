import { startPostgres18 } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { postgresWorkload } from '../../support/replication-dialects.js';
import { expectSurvived } from '../../support/replication-expectations.js';
import { longRun, undergo } from '../../support/replication-ordeal.js';
import { streamingSettings } from '../../support/replication-streaming.js';
import type { OrdealTarget } from '../../support/replication-ordeal.js';

/** MySQL and MariaDB have PostgreSQL as their target in each run. */
const targets: readonly OrdealTarget[] = longRun
  ? ['PostgreSQL', 'CockroachDB stand-in']
  : ['CockroachDB stand-in'];

test.each(targets)(
  'PostgreSQL to %s: whatever fails, every transaction arrives once, whole and in order',
  { timeout: longRun ? 600_000 : 120_000 },
  async (target) => {
    const result = await undergo({
      dialect: postgresWorkload,
      // Writers that wait for each other are told early.
      startSource: () =>
        startPostgres18({ own: true, settings: { deadlock_timeout: '50ms', ...streamingSettings } }),
      target,
      seconds: 20,
      writers: 4,
      largeRows: 50_000,
      streaming: true,
    });
    expectSurvived(result);
    expect(result.committed).toBeGreaterThan(100);
    expect(result.streamed).toBeGreaterThan(0);
  },
);
