import { displayName } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';
import type { MysqlSession } from '../connect/session.js';

/** Names of the tables whose engine has no transactions, and therefore no snapshots (MyISAM, Aria, MEMORY ...). */
export async function tablesOutsideSnapshots(
  session: MysqlSession,
  tables: readonly Table[],
): Promise<{ readonly name: string; readonly engine: string }[]> {
  const rows = await session.query<{ name: string; engine: string }>(
    `SELECT t.TABLE_NAME AS name, t.ENGINE AS engine FROM information_schema.TABLES t
      LEFT JOIN information_schema.ENGINES e ON e.ENGINE = t.ENGINE
      WHERE t.TABLE_SCHEMA = DATABASE() AND t.TABLE_TYPE = 'BASE TABLE' AND IFNULL(e.TRANSACTIONS, 'NO') <> 'YES'`,
  );
  const engines = new Map(rows.map(({ name, engine }) => [name, engine]));
  return tables.flatMap((table) => {
    const engine = engines.get(table.name.table);
    return engine === undefined ? [] : [{ name: displayName(table.name), engine }];
  });
}
