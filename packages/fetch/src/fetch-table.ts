import { displayName } from '@tsmolt/core';
import type { ShardOptions, ShardPlan, Table } from '@tsmolt/core';
import { checksumTable } from './checksum.js';
import type { FetchOptions } from './options.js';
import type { TableReport } from './report.js';
import { directCopy } from './transfer/direct-copy.js';
import { fileCopy } from './transfer/file-copy.js';
import type { TableTransfer } from './transfer/table-transfer.js';

/** What the transfer of a table needs, before its shards are known. */
export type TableWork = Omit<TableTransfer, 'shards'>;

/**
 * Moves one table and, where asked for, hashes it on both sides.
 *
 * @param onePiece load all rows in one statement: for keys that point into their own table, and `--skip-pk-check`
 */
export async function fetchTable(work: TableWork, onePiece: boolean): Promise<TableReport> {
  const { options, pair, snapshot, ledger, log } = work;
  const table = pair.source.name;
  const started = performance.now();
  options.onEvent({ type: 'table started', table });
  log.extractionStarting();
  const plan = await planTable(work, pair.source, onePiece);
  const transfer: TableTransfer = { ...work, shards: plan.shards };
  const { route } = options;
  const times = await (route.kind === 'direct'
    ? directCopy(transfer)
    : fileCopy(transfer, route.store, route.cleanup));
  if (options.checksum) options.onEvent({ type: 'table hashing', table });
  const checksum = options.checksum ? await checksumTable(options, snapshot, pair, work.signal) : undefined;
  const report: TableReport = {
    table,
    ...ledger.totals(table),
    ...times,
    netMs: performance.now() - started,
    ...(checksum === undefined ? {} : { checksum }),
  };
  log.importComplete(report, snapshot.cursor);
  options.metrics.tableDurations(table, times.exportMs, times.importMs);
  options.onEvent({ type: 'table finished', report });
  return report;
}

async function planTable(work: TableWork, table: Table, onePiece: boolean): Promise<ShardPlan> {
  const { options, snapshot } = work;
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

function shardOptions(options: FetchOptions): ShardOptions {
  return {
    shards: options.exportConcurrency,
    rowsPerRange: options.rowBatchSize,
    useStatistics: options.useStatsBasedSharding,
  };
}
