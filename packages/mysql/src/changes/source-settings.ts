import { TsmoltError } from '@tsmolt/core';
import type { ChangeOptions } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSession } from '../connect/session.js';
import { serverErrorNumber } from '../errors.js';
import { mayHave, readGrants } from '../snapshot/grants.js';

/** Global variables of the source by name, as the server prints them. */
export type SourceSettings = ReadonlyMap<string, string>;

const names = [
  'binlog_format', 'binlog_row_image', 'binlog_row_metadata', 'binlog_row_value_options', 'binlog_expire_logs_seconds',
  'binlog_transaction_compression', 'innodb_native_foreign_keys', 'server_uid', 'server_id',
]; // prettier-ignore

export async function readSourceSettings(session: MysqlSession): Promise<SourceSettings> {
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [names],
  );
  return new Map(rows.map((row) => [row.Variable_name, row.Value]));
}

/** Settings that must have a value, where a server has them at all. */
const required: readonly (readonly [name: string, value: string])[] = [
  ['binlog_format', 'ROW'],
  ['binlog_transaction_compression', 'OFF'],
  ['binlog_row_value_options', ''],
];

/** @throws TsmoltError `TSM5006` naming the setting and its value */
export function refuseSettings({ url }: MysqlServer, settings: SourceSettings, options: ChangeOptions): void {
  for (const [name, value] of required) {
    const found = settings.get(name);
    if (found === undefined || found.toUpperCase() === value) continue;
    throw new TsmoltError('TSM5006', {
      message: `the source ${url.host} has ${name} = ${found}: changes in that form cannot be replicated`,
      advice:
        `SET GLOBAL ${name} = '${value}' on the source, change its configuration too, and let applications connect anew; ` +
        'changes that were written before cannot be read: run the data load again after it.',
    });
  }
  const metadata = settings.get('binlog_row_metadata');
  if (metadata === 'FULL' || options.fetchMetadata === true) return;
  throw new TsmoltError('TSM5006', {
    message: `the source ${url.host} writes no names of columns into its binary log (binlog_row_metadata = ${metadata ?? 'not known to it'})`,
    advice:
      "SET GLOBAL binlog_row_metadata = 'FULL' on the source and change its configuration too; where it does not have " +
      'that, use --fetchMetadata, and alter no table while replication runs.',
  });
}

export function settingWarnings(settings: SourceSettings): string[] {
  const warnings: string[] = [];
  const image = settings.get('binlog_row_image') ?? 'FULL';
  if (image !== 'FULL') {
    warnings.push(
      `binlog_row_image is ${image}: updates carry only what changed, and inserted rows that leave out a column are refused; FULL has neither`,
    );
  }
  if ((settings.get('binlog_row_metadata') ?? '') !== 'FULL') {
    warnings.push(
      'names of columns are taken from the catalog as it is now (--fetchMetadata): a column that is renamed while changes from before wait to be read is mistaken for another; binlog_row_metadata=FULL is safe',
    );
  }
  const seconds = Number(settings.get('binlog_expire_logs_seconds') ?? 0);
  if (seconds > 0 && seconds < secondsOfDay) {
    warnings.push(
      `the source keeps its binary log for ${seconds} seconds: a replication that stands still for longer cannot go on`,
    );
  }
  return warnings;
}

const secondsOfDay = 86_400;

/** The binary log's own state: `SHOW MASTER STATUS`, which MySQL 8.4 knows by its new name only. */
interface LogStatus {
  readonly Binlog_Do_DB?: string;
  readonly Binlog_Ignore_DB?: string;
}

const parseError = 1064;
const accessDenied = 1227;

/**
 * @throws TsmoltError `TSM3001` naming the privilege that is missing, `TSM5006` where the database is left out of the log
 */
export async function refuseUnreadableLog(
  session: MysqlSession,
  { url }: MysqlServer,
  database: string,
): Promise<void> {
  if (!mayHave(await readGrants(session), 'REPLICATION SLAVE'))
    throw privilegeMissing(url.user, 'REPLICATION SLAVE');
  const [status] = await readLogStatus(session, url.user);
  const only = (status?.Binlog_Do_DB ?? '').split(',').filter((name) => name !== '');
  const without = (status?.Binlog_Ignore_DB ?? '').split(',');
  if ((only.length === 0 || only.includes(database)) && !without.includes(database)) return;
  throw new TsmoltError('TSM5006', {
    message: `the source ${url.host} leaves database ${database} out of its binary log`,
    advice:
      'Remove binlog-do-db and binlog-ignore-db from its configuration and restart it, then run the data load again.',
  });
}

/** What the servers show of where a replica replicates from; older ones know the old names only. */
const replicaStatements = ['SHOW REPLICA STATUS', 'SHOW SLAVE STATUS'];

/** @throws TsmoltError `TSM5006` for a replica that does not log what it replicates: its log has only what is written to it */
export async function refuseSilentReplica(session: MysqlSession, { url }: MysqlServer): Promise<void> {
  const rows = await session.query<{ Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('log_slave_updates', 'log_replica_updates')`,
  );
  if (rows.every(({ Value }) => Value === 'ON') || !(await isReplica(session))) return;
  throw new TsmoltError('TSM5006', {
    message: `the source ${url.host} is a replica and does not write what it replicates into its own binary log`,
    advice:
      'Set log_replica_updates=ON (on MariaDB log_slave_updates) in its configuration and restart it, or replicate from ' +
      'its primary; then run the data load again.',
  });
}

async function isReplica(session: MysqlSession): Promise<boolean> {
  for (const statement of replicaStatements) {
    try {
      return (await session.query(statement)).length > 0;
    } catch (thrown) {
      const number = serverErrorNumber(thrown);
      // Who may not see it cannot be told, and need not be a replica.
      if (number === accessDenied) return false;
      if (number !== parseError) throw thrown;
    }
  }
  return false;
}

async function readLogStatus(session: MysqlSession, user: string): Promise<LogStatus[]> {
  for (const statement of ['SHOW BINARY LOG STATUS', 'SHOW MASTER STATUS']) {
    try {
      return await session.query<LogStatus>(statement);
    } catch (thrown) {
      const number = serverErrorNumber(thrown);
      if (number === accessDenied) throw privilegeMissing(user, 'REPLICATION CLIENT', thrown);
      if (number !== parseError) throw thrown;
    }
  }
  return [];
}

function privilegeMissing(user: string, privilege: string, cause?: unknown): TsmoltError {
  return new TsmoltError('TSM3001', {
    message: `user "${user}" may not read the binary log: the privilege ${privilege} is missing`,
    advice: `GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO the user on the source.`,
    cause,
  });
}
