import { displayName } from '@tsmolt/core';
import type { KeyRange } from '@tsmolt/core';
import pLimit from 'p-limit';
import { compareRange, rangesBetween } from './compare-range.js';
import { Findings } from './findings.js';
import type { VerifyOptions } from './options.js';
import type { Parking } from './parking.js';
import type { Comparison } from './plan-comparison.js';
import type { RepairSink } from './repair/repair-sink.js';
import { addCounts, noRows } from './report.js';
import type { DifferentRow, RowCounts, TableResult } from './report.js';
import { cuttableSet } from './row-sets.js';
import type { RangeWork, TableWork } from './row-sets.js';
import { settleRows } from './settle-rows.js';
import type { TableProgress } from './state/table-progress.js';
import type { Limits } from './statement-limits.js';

/** What all tables share. */
export interface SharedWork {
  readonly limits: Limits;
  readonly parking: Parking;
  readonly repairs?: RepairSink;
}

/** Compares all rows of a table, range by range, and says what it found. */
export async function compareTable(
  options: VerifyOptions,
  comparison: Comparison,
  progress: TableProgress,
  shared: SharedWork,
): Promise<TableResult> {
  const { logger, signal, live } = options;
  const table = comparison.pair.source.name;
  logger.info(`starting verify on ${displayName(table)}, shard 1/1`);
  for (const columns of comparison.left) {
    logger.warn(
      { table: displayName(table), column: columns.source.name, mismatch_tag: 'type mismatch' },
      `column ${columns.source.name} is left out of the comparison: ${columns.source.nativeType} and ${columns.target.nativeType} cannot be compared`,
    );
  }
  const work: TableWork = {
    comparison,
    signal,
    live,
    logger: logger.child({ table: displayName(table) }),
    ...shared.limits,
  };
  await compareRanges(options, work, progress, shared);
  const base = { ...noRows, columnMismatch: comparison.left.length };
  const result = { table, counts: addCounts(progress.counts, base), rows: progress.rows };
  report(options, result);
  return result;
}

/** So many ranges at a time that every connection has work: all at once would all hold their rows. */
async function compareRanges(
  options: VerifyOptions,
  work: TableWork,
  progress: TableProgress,
  shared: SharedWork,
): Promise<void> {
  const bounds = await progress.bounds(() => findBounds(options, work));
  const limit = pLimit(options.concurrency);
  const { namedRows, redactValues: redact } = options;
  const { comparison } = work;
  const { repairs } = shared;
  const compare = async (range: KeyRange, index: number): Promise<void> => {
    const findings = new Findings({
      comparison,
      namedRows,
      redact,
      ...(repairs === undefined ? {} : { repairs }),
    });
    const rangeWork: RangeWork = { ...work, range, rows: options.rowBatchSize, findings };
    const settled = await limit(async () => {
      const parked = await compareRange(rangeWork);
      return shared.parking.settle(parked.length, async () => {
        if (work.live !== undefined) await settleRows(rangeWork, work.live, parked);
      });
    });
    await settled.end;
    progress.finish(index, findings);
  };
  await Promise.all(
    rangesBetween(bounds, {}).map(async (range, index) => {
      if (!progress.isFinished(index)) await compare(range, index);
    }),
  );
}

/** Sampled keys of the source; none where keys do not sort alike on both sides: then one range is everything. */
async function findBounds(
  options: VerifyOptions,
  { comparison, longStatement }: TableWork,
): Promise<readonly NonNullable<KeyRange['upTo']>[]> {
  if (!comparison.rangeable) return [];
  return longStatement('source', (signal) =>
    comparison.source.verifier.keyBounds(cuttableSet(comparison, {}, signal), options.rowBatchSize),
  );
}

/** In MOLT's words and fields (manual, "MOLT Verify"); `num_still_changing` is ours. */
function report({ logger, metrics }: VerifyOptions, { table, counts, rows }: TableResult): void {
  for (const row of rows) {
    logger.warn(
      { table_schema: table.schema, table_name: table.table, primary_key: row.key, columns: row.columns },
      `${words[row.kind]} row`,
    );
  }
  metrics.rows(table, counts);
  logger.info(
    {
      type: 'summary',
      table_schema: table.schema,
      table_name: table.table,
      ...summary(counts),
    },
    `finished row verification on ${displayName(table)} (shard 1/1)`,
  );
}

function summary(counts: RowCounts): Record<string, number> {
  return {
    num_truth_rows: counts.truthRows,
    num_success: counts.success,
    num_conditional_success: counts.conditionalSuccess,
    num_missing: counts.missing,
    num_mismatch: counts.mismatch,
    num_extraneous: counts.extraneous,
    num_live_retry: counts.liveRetry,
    num_column_mismatch: counts.columnMismatch,
    ...(counts.stillChanging > 0 ? { num_still_changing: counts.stillChanging } : {}),
  };
}

const words = {
  missing: 'missing',
  mismatch: 'mismatching',
  extraneous: 'extraneous',
  'still changing': 'still changing',
} as const satisfies Record<DifferentRow['kind'], string>;
