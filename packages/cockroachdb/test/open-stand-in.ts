import { randomBytes } from 'node:crypto';
import { openCockroach } from '@tsmolt/cockroachdb';
import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import type { Logger } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { runSql, sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn, CockroachStandInOptions } from '@tsmolt/testkit';
import type { ContractDatabase } from '@tsmolt/testkit/contracts';

/** The adapter on a stand-in for CockroachDB with a database of its own. */
export interface OpenedStandIn extends ContractDatabase {
  readonly standIn: CockroachStandIn;
  /** The adapter once more, as another process would have it. */
  readonly openAgain: (logger?: Logger) => Promise<ContractDatabase['database']>;
}

export async function openStandIn(
  changes: Partial<CockroachStandInOptions> = {},
  logger: Logger = silentLogger(),
): Promise<OpenedStandIn> {
  const postgresUrl = (await sharedServer('postgres18')).url;
  const databaseName = `crdb_${randomBytes(6).toString('hex')}`;
  const standIn = await startCockroachStandIn({ postgresUrl, database: databaseName, ...changes });
  const open = async (log: Logger): Promise<ContractDatabase['database']> => {
    const options = { allowUnencrypted: true, applicationName: 'contract', maxConnections: 4, logger: log };
    return openCockroach(await identify(ConnectionUrl.parse(standIn.url, '--target'), options), options);
  };
  const opened = [await open(logger)];
  const [database] = opened;
  if (database === undefined) throw new Error('nothing was opened');
  const close = async (): Promise<void> => {
    for (const one of opened) await one.close();
    await standIn.stop();
    await runSql(postgresUrl, `DROP DATABASE IF EXISTS ${databaseName} WITH (FORCE)`);
  };
  const openAgain = async (log: Logger = silentLogger()): Promise<ContractDatabase['database']> => {
    const again = await open(log);
    opened.push(again);
    return again;
  };
  return { database, url: standIn.url, close, standIn, openAgain };
}
