import { GtidSet, MariadbGtid, TsmoltError } from '@tsmolt/core';
import type { MysqlServer } from './connect/mysql-server.js';
import type { MysqlSession } from './connect/session.js';
import { quoteText } from './sql.js';

/** What decides whether a server has positions, and which server they belong to. */
export interface PositionSettings {
  /** Differs for each server, and stays when it restarts. Empty where the server does not say. */
  readonly server: string;
  readonly binaryLog: boolean;
  /** MySQL gives a number to every transaction only where this is ON. MariaDB always does. */
  readonly gtidMode: string;
}

export async function readPositionSettings(session: MysqlSession): Promise<PositionSettings> {
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('server_uuid', 'server_uid', 'log_bin', 'gtid_mode')`,
  );
  const settings = new Map(rows.map((row) => [row.Variable_name, row.Value]));
  return {
    server: settings.get('server_uuid') ?? settings.get('server_uid') ?? '',
    binaryLog: settings.get('log_bin') === 'ON',
    gtidMode: settings.get('gtid_mode') ?? 'ON',
  };
}

/** Whether the server numbers its transactions. */
export function hasPositions({ binaryLog, gtidMode }: PositionSettings): boolean {
  return binaryLog && gtidMode === 'ON';
}

/**
 * What the server has committed, as it is read now: MySQL's executed set, MariaDB's last transactions in its binary log.
 * Empty where nothing was ever committed.
 */
export async function readPosition(session: MysqlSession, { flavour }: MysqlServer): Promise<string> {
  const variable = flavour === 'mariadb' ? 'gtid_binlog_pos' : 'gtid_executed';
  const rows = await session.query<{ position: string }>(`SELECT @@GLOBAL.${variable} AS position`);
  return printed(rows[0]?.position ?? '', flavour);
}

function printed(text: string, flavour: MysqlServer['flavour']): string {
  return (flavour === 'mariadb' ? MariadbGtid : GtidSet).parse(text).toString();
}

/**
 * The place in the binary log at which this session's snapshot was taken (MariaDB): everything before it is in the
 * snapshot, nothing after it. Source: MariaDB manual, "START TRANSACTION", "WITH CONSISTENT SNAPSHOT".
 */
export async function readSnapshotPlace(session: MysqlSession): Promise<{ file: string; offset: string }> {
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    `SHOW STATUS LIKE 'binlog\\_snapshot\\_%'`,
  );
  const status = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]));
  return {
    file: status.get('binlog_snapshot_file') ?? '',
    offset: status.get('binlog_snapshot_position') ?? '',
  };
}

/** The position at a place of the binary log (MariaDB). */
export async function positionAt(
  session: MysqlSession,
  place: { file: string; offset: string },
): Promise<string> {
  const rows = await session.query<{ position: string | null }>(
    `SELECT BINLOG_GTID_POS(${quoteText(place.file)}, ${Number(place.offset)}) AS position`,
  );
  return printed(rows[0]?.position ?? '', 'mariadb');
}

/** @throws TsmoltError `TSM5002` for a server without a binary log or without GTIDs */
export function refuseWithoutPositions(server: MysqlServer, settings: PositionSettings): void {
  if (hasPositions(settings)) return;
  const fault = settings.binaryLog ? `has gtid_mode = ${settings.gtidMode}` : 'writes no binary log';
  throw new TsmoltError('TSM5002', {
    message: `the source ${server.url.host} ${fault}: there is no position that replication could start at`,
    advice:
      'Enable GTID-based replication on the source (log_bin; on MySQL gtid_mode=ON and enforce_gtid_consistency=ON too), ' +
      'or use --ignore-replication-check for a load without replication.',
  });
}

/** @throws TsmoltError `TSM5002` for a server that has not committed anything yet */
export function refuseEmptyPosition(server: MysqlServer, position: string): void {
  if (position !== '') return;
  throw new TsmoltError('TSM5002', {
    message: `the source ${server.url.host} has an empty GTID set: nothing was ever written to its binary log`,
    advice:
      'Commit one transaction that writes on the source, see that SHOW MASTER STATUS (from MySQL 8.2 on SHOW BINARY LOG ' +
      'STATUS) names a GTID set, and run again; or use --ignore-replication-check for a load without replication.',
  });
}
