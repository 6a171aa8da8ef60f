import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import {
  deadLettersContract,
  stagingStoreContract,
  transactionSpillContract,
} from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';

const options = {
  allowUnencrypted: true,
  applicationName: 'staging',
  maxConnections: 3,
  logger: silentLogger(),
};

for (const [name, server] of [
  ['PostgreSQL 18', 'postgres18'],
  ['PostgreSQL 15', 'postgres15'],
] as const) {
  const open: OpenContractDatabase = async () => {
    const created = await createDatabase(await sharedServer(server));
    const url = ConnectionUrl.parse(created.url, '--target');
    const database = openPostgres(await identify(url, options), options);
    const close = async (): Promise<void> => {
      await database.close();
      await created.drop();
    };
    return { database, url: created.url, close };
  };
  stagingStoreContract(name, open);
  deadLettersContract(name, open);
  transactionSpillContract(name, open);
}
