import { startMariadb, startMysql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { mariadbWorkload, mysqlWorkload } from '../../support/replication-dialects.js';
import { expectSurvived } from '../../support/replication-expectations.js';
import { longRun, undergo } from '../../support/replication-ordeal.js';

test.each([
  { product: 'MySQL', dialect: mysqlWorkload, start: startMysql },
  { product: 'MariaDB', dialect: mariadbWorkload, start: startMariadb },
])(
  '$product: whatever fails, every transaction arrives once, whole and in order',
  { timeout: longRun ? 600_000 : 120_000 },
  async ({ dialect, start }) => {
    const startSource = () => start({ own: true });
    const ordeal = { seconds: 10, writers: 3, largeRows: 20_000 };
    const result = await undergo({ dialect, startSource, target: 'PostgreSQL', ...ordeal });
    expectSurvived(result);
    expect(result.committed).toBeGreaterThan(50);
  },
);
