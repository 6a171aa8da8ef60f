import { randomBytes } from 'node:crypto';
import { openCockroach } from '@tsmolt/cockroachdb';
import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { runSql } from '@tsmolt/testkit';
import {
  bulkTargetContract,
  catalogContract,
  fetchStatusContract,
  rowHasherContract,
  snapshotSourceContract,
} from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';
import { describe } from 'vitest';

/** The superuser of a real cluster. No such server comes with the packages: the end of a run says what was not run. */
const clusterUrl = process.env['TSMOLT_TEST_COCKROACH_URL'];

const options = {
  allowUnencrypted: true,
  applicationName: 'contract',
  maxConnections: 4,
  logger: silentLogger(),
};

const open: OpenContractDatabase = async () => {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const url = new URL(clusterUrl ?? '');
  await runSql(url.href, `CREATE DATABASE ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  const database = openCockroach(await identify(ConnectionUrl.parse(own.href, '--target'), options), options);
  const close = async (): Promise<void> => {
    await database.close();
    await runSql(url.href, `DROP DATABASE ${name} CASCADE`);
  };
  return { database, url: own.href, close };
};

describe.runIf(clusterUrl !== undefined)('a real cluster', () => {
  const name = 'CockroachDB';
  catalogContract(name, open);
  bulkTargetContract(name, open, {
    unsupported: { kind: 'composite', schema: 'public', name: 'pair', fields: [] },
  });
  snapshotSourceContract(name, open);
  fetchStatusContract(name, open);
  rowHasherContract(name, open, ['md5', 'sha256']);
});
