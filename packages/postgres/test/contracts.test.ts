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
  snapshotSourceContract,
} from '@tsmolt/testkit/contracts';
import type { OpenContractDatabase } from '@tsmolt/testkit/contracts';

const options = {
  allowUnencrypted: true,
  applicationName: 'contract',
  maxConnections: 4,
  logger: silentLogger(),
};

for (const [name, server] of [
  ['PostgreSQL 18', 'postgres18'],
  ['PostgreSQL 15', 'postgres15'],
] as const) {
  const open: OpenContractDatabase = async () => {
    const created = await createDatabase(await sharedServer(server));
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
  catalogContract(name, open);
  bulkTargetContract(name, open, { unsupported: { kind: 'native', name: 'nowhere.no_such_type' } });
  rowHasherContract(name, open, ['hash-extended', 'md5', 'sha256']);
  for (const algorithm of ['hash-extended', 'md5', 'sha256'] as const)
    rowVerifierContract(name, open, { algorithm });
  snapshotSourceContract(name, open);
  fetchStatusContract(name, open);
}
