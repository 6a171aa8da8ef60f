import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import {
  bulkTargetContract,
  catalogContract,
  fetchStatusContract,
  rowHasherContract,
  rowVerifierContract,
  sharedDigestContract,
  snapshotSourceContract,
} from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';
import { openStandIn } from './open-stand-in.js';

const options = {
  allowUnencrypted: true,
  applicationName: 'contract',
  maxConnections: 4,
  logger: silentLogger(),
};
const name = 'CockroachDB (stand-in)';

const openPostgres18: OpenContractDatabase = async () => {
  const created = await createDatabase(await sharedServer('postgres18'));
  const database = openPostgres(
    await identify(ConnectionUrl.parse(created.url, '--source'), options),
    options,
  );
  const close = async (): Promise<void> => {
    await database.close();
    await created.drop();
  };
  return { database, url: created.url, close };
};

catalogContract(name, openStandIn);
bulkTargetContract(name, openStandIn, {
  unsupported: { kind: 'composite', schema: 'public', name: 'pair', fields: [] },
});
snapshotSourceContract(name, openStandIn);
fetchStatusContract(name, openStandIn);
rowHasherContract(name, openStandIn, ['md5', 'sha256']);
for (const algorithm of ['md5', 'sha256'] as const) rowVerifierContract(name, openStandIn, { algorithm });
sharedDigestContract('md5', { name: 'PostgreSQL 18', open: openPostgres18 }, { name, open: openStandIn });
sharedDigestContract('sha256', { name: 'PostgreSQL 18', open: openPostgres18 }, { name, open: openStandIn });
