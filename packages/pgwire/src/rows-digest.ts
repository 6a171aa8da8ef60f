import { displayName, rowsDigest } from '@tsmolt/core';
import type { RowsDigest, TableName } from '@tsmolt/core';
import type { SessionPool } from './session-pool.js';
import { quoteTable } from './sql.js';

/**
 * Runs an adapter's hash statement.
 *
 * @param sql gives one row: `rows`, `first` and `second`, the count and the two sums
 */
export function queryRowsDigest(pool: SessionPool, table: TableName, sql: string): Promise<RowsDigest> {
  return pool.use(`hashing ${displayName(table)}`, async (client) => {
    const { rows } = await client.query<{ rows: string; first: string; second: string }>(sql);
    const row = rows[0];
    if (row === undefined) throw new Error('an aggregate gave no row');
    return rowsDigest(row.rows, row.first, row.second);
  });
}

export function countRows(pool: SessionPool, table: TableName): Promise<bigint> {
  return pool.use(`counting the rows of ${displayName(table)}`, async (client) => {
    const { rows } = await client.query<{ rows: string }>(
      `SELECT count(*) AS rows FROM ${quoteTable(table)}`,
    );
    return BigInt(rows[0]?.rows ?? 0);
  });
}
