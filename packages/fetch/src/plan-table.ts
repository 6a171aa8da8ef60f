import { displayName } from '@tsmolt/core';
import type { ShardOptions, ShardPlan, SnapshotSource, Table } from '@tsmolt/core';
import type { FetchOptions } from './options.js';

/**
 * Plans the shards of a table and says so in the log.
 *
 * @param onePiece export all rows in one statement: for keys that point into their own table, and `--skip-pk-check`
 */
export async function planTable(
  options: FetchOptions,
  snapshot: SnapshotSource,
  table: Table,
  onePiece: boolean,
): Promise<ShardPlan> {
  const name = displayName(table.name);
  if (options.skipPrimaryKeyCheck) {
    options.logger.info(
      `sharding is skipped for table ${name} - flag skip-pk-check is specified and thus no PK for source table is specified`,
    );
  }
  const plan = await snapshot.planShards(table, onePiece ? unsharded : shardOptions(options));
  for (const warning of plan.warnings) options.logger.warn({ table: name }, warning);
  const ranges = plan.shards.reduce((sum, shard) => sum + shard.ranges.length, 0);
  options.logger.info({ table: name, num_shards: plan.shards.length, num_ranges: ranges }, plan.method);
  return plan;
}

const unsharded: ShardOptions = { shards: 1, rowsPerRange: Infinity, useStatistics: false };

/** Files hold whole ranges or parts of one: a range is never smaller than the file that is asked for. */
function shardOptions({ exportConcurrency, rowBatchSize, route, ...options }: FetchOptions): ShardOptions {
  const fileRows = route.kind === 'files' && Number.isFinite(route.flush.rows) ? route.flush.rows : 0;
  return {
    shards: exportConcurrency,
    rowsPerRange: Math.max(rowBatchSize, fileRows),
    useStatistics: options.useStatsBasedSharding,
  };
}
