import { displayName } from '@tsmolt/core';
import type { KeyRange } from '@tsmolt/core';
import pLimit from 'p-limit';
import { compareRange } from './compare-range.js';
import { NamedRows } from './named-rows.js';
import type { VerifyOptions } from './options.js';
import type { Comparison } from './plan-comparison.js';
import { addCounts, noRows } from './report.js';
import type { TableResult } from './report.js';
import { hashedSet } from './row-sets.js';
import type { TableWork } from './row-sets.js';

/** What all tables share. */
export type Limits = Pick<TableWork, 'limited' | 'holding'>;

/** Compares all rows of a table, range by range, and says what it found. */
export async function compareTable(
  options: VerifyOptions,
  comparison: Comparison,
  limits: Limits,
): Promise<TableResult> {
  const { logger, signal, namedRows, redactValues: redact } = options;
  const table = comparison.pair.source.name;
  logger.info(`starting verify on ${displayName(table)}, shard 1/1`);
  for (const columns of comparison.left) {
    logger.warn(
      { table: displayName(table), column: columns.source.name, mismatch_tag: 'type mismatch' },
      `column ${columns.source.name} is left out of the comparison: ${columns.source.nativeType} and ${columns.target.nativeType} cannot be compared`,
    );
  }
  const named = new NamedRows(namedRows);
  const work: TableWork = { comparison, signal, redact, named, ...limits };
  const counts = await Promise.all(
    await mapRanges(options, work, (range) => compareRange({ ...work, range })),
  );
  const base = { ...noRows, columnMismatch: comparison.left.length };
  const result = { table, counts: counts.reduce(addCounts, base), rows: named.rows };
  report(options, result);
  return result;
}

/** So many ranges at a time that every connection has work: all at once would all hold their rows. */
async function mapRanges<Result>(
  options: VerifyOptions,
  work: TableWork,
  compare: (range: KeyRange) => Promise<Result>,
): Promise<Promise<Result>[]> {
  const ranges = await rangesOf(options, work);
  const limit = pLimit(options.concurrency);
  return ranges.map((range) => limit(() => compare(range)));
}

/** Ranges between sampled keys of the source; one range for everything where keys do not sort alike on both sides. */
async function rangesOf(options: VerifyOptions, work: TableWork): Promise<KeyRange[]> {
  const { comparison } = work;
  const { source } = comparison;
  if (!comparison.rangeable || source.pair.source.estimate.rows <= options.rowBatchSize) return [{}];
  const bounds = await work.limited('source', () =>
    source.verifier.keyBounds(hashedSet(work, source, {}), options.rowBatchSize),
  );
  const edges = [undefined, ...bounds, undefined];
  return edges.slice(0, -1).map((after, index) => {
    const upTo = edges[index + 1];
    return { ...(after === undefined ? {} : { after }), ...(upTo === undefined ? {} : { upTo }) };
  });
}

/** In MOLT's words and fields (manual, "MOLT Verify"). */
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
      num_truth_rows: counts.truthRows,
      num_success: counts.success,
      num_conditional_success: counts.conditionalSuccess,
      num_missing: counts.missing,
      num_mismatch: counts.mismatch,
      num_extraneous: counts.extraneous,
      num_live_retry: counts.liveRetry,
      num_column_mismatch: counts.columnMismatch,
    },
    `finished row verification on ${displayName(table)} (shard 1/1)`,
  );
}

const words = { missing: 'missing', mismatch: 'mismatching', extraneous: 'extraneous' } as const;
