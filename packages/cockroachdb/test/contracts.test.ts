import { randomBytes } from 'node:crypto';
import { openCockroach } from '@tsmolt/cockroachdb';
import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, runSql, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import {
  bulkTargetContract,
  catalogContract,
  rowHasherContract,
  sharedDigestContract,
} from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';

const options = {
  allowUnencrypted: true,
  applicationName: 'contract',
  maxConnections: 4,
  logger: silentLogger(),
};
const name = 'CockroachDB (stand-in)';

const openStandIn: OpenContractDatabase = async () => {
  const postgresUrl = (await sharedServer('postgres18')).url;
  const databaseName = `crdb_${randomBytes(6).toString('hex')}`;
  const standIn = await startCockroachStandIn({ postgresUrl, database: databaseName });
  const database = openCockroach(
    await identify(ConnectionUrl.parse(standIn.url, '--target'), options),
    options,
  );
  const close = async (): Promise<void> => {
    await database.close();
    await standIn.stop();
    await runSql(postgresUrl, `DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`);
  };
  return { database, url: standIn.url, close };
};

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
rowHasherContract(name, openStandIn, ['md5', 'sha256']);
sharedDigestContract('md5', { name: 'PostgreSQL 18', open: openPostgres18 }, { name, open: openStandIn });
sharedDigestContract('sha256', { name: 'PostgreSQL 18', open: openPostgres18 }, { name, open: openStandIn });
