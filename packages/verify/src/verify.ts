import { clockDuration, displayName, matchTables, nameFilter, transformTables, TsmoltError, withRetry, withRowFilters } from '@tsmolt/core'; // prettier-ignore
import type { Mismatch, Table, TableName, TablePair } from '@tsmolt/core';
import pLimit from 'p-limit';
import { compareTable } from './compare-table.js';
import type { Limits } from './compare-table.js';
import type { VerifyOptions } from './options.js';
import { planComparison } from './plan-comparison.js';
import type { TableResult, VerifyReport } from './report.js';

/**
 * Compares two databases: their schemas, then the rows of every table that both have.
 *
 * @throws TsmoltError when it could not be told; differences are no error, they are in the report
 */
export async function verify(options: VerifyOptions): Promise<VerifyReport> {
  try {
    return await compareDatabases(options);
  } catch (thrown) {
    throw options.signal.aborted ? stopped() : thrown;
  }
}

async function compareDatabases(options: VerifyOptions): Promise<VerifyReport> {
  const started = performance.now();
  const { logger } = options;
  logger.info('verification in progress');
  const found = await discover(options);
  options.metrics.tables(found.pairs.length);
  const tables = await compareTables(options, found.pairs);
  const netMs = performance.now() - started;
  logger.info(
    { net_duration_ms: Math.round(netMs * 1000) / 1000, net_duration: clockDuration(netMs) },
    'verification complete',
  );
  return { ...found, tables, netMs, equal: isEqual(found, tables) };
}

interface Discovered {
  readonly pairs: readonly TablePair[];
  readonly mismatches: readonly Mismatch[];
  readonly missingTables: readonly TableName[];
  readonly extraneousTables: readonly TableName[];
}

async function discover(options: VerifyOptions): Promise<Discovered> {
  const { source, target, filter, caseSensitive } = options;
  const [sources, targets] = await Promise.all([
    source.catalog.tables(filter),
    target.catalog.tables(nameFilter({})),
  ]);
  if (sources.length === 0) throw nothingToDo(options);
  const { plans, unused } = transformTables(sources, options.transformations);
  for (const place of unused) options.logger.warn(`${place} concerns no table or column of this run`);
  const filtered = withRowFilters(plans, options.rowFilters, caseSensitive);
  const { pairs, mismatches } = matchTables(filtered, targets, { caseSensitive, skipPrimaryKeyCheck: false });
  refuseConsolidations(pairs);
  const met = new Set(pairs.map((pair) => pair.target));
  const missing = mismatches.filter(({ tag }) => tag === 'missing table').map(({ table }) => table);
  const extraneous = targets.filter((table) => !met.has(table) && filter.matches(table.name));
  report(options, mismatches, extraneous);
  return {
    pairs,
    mismatches,
    missingTables: missing,
    extraneousTables: extraneous.map(({ name }) => name),
  };
}

/** Each of the sources would find the rows of the others, and call them extraneous. */
function refuseConsolidations(pairs: readonly TablePair[]): void {
  const shared = pairs.find(
    ({ target }, index) => pairs.findIndex((pair) => pair.target === target) !== index,
  );
  if (shared === undefined) return;
  const sources = pairs
    .filter(({ target }) => target === shared.target)
    .map(({ source }) => displayName(source.name));
  throw new TsmoltError('TSM1001', {
    message: `${sources.join(', ')} all go into ${displayName(shared.target.name)}, and whose rows it holds cannot be told`,
    advice:
      'Verify them one at a time: choose one with --table-filter, and its rows on the target with target_expr in --filter-path.',
  });
}

function report(
  { logger }: VerifyOptions,
  mismatches: readonly Mismatch[],
  extraneous: readonly Table[],
): void {
  for (const mismatch of mismatches) {
    logger.warn(
      {
        table: displayName(mismatch.table),
        ...(mismatch.column === undefined ? {} : { column: mismatch.column }),
        mismatch_tag: mismatch.tag,
      },
      mismatch.message,
    );
  }
  for (const { name } of extraneous) {
    logger.warn({ table: displayName(name) }, 'extraneous table: it exists on the target only');
  }
}

/** Schema differences that leave rows or values uncompared. Of the others, the log says what they are. */
const hides: ReadonlySet<Mismatch['tag']> = new Set([
  'missing table',
  'ambiguous name',
  'missing column on target',
]);

function isEqual(found: Discovered, tables: readonly TableResult[]): boolean {
  const rowsDiffer = ({ counts }: TableResult): boolean =>
    counts.missing + counts.mismatch + counts.extraneous + counts.columnMismatch > 0;
  const uncompared = found.mismatches.some(({ tag, failable }) => failable && hides.has(tag));
  return !uncompared && !tables.some(rowsDiffer);
}

/** Tables at a time: small ones would leave all connections but one without work. */
const tablesAtATime = 4;

/** Shares of rows that are held in memory at a time. */
const sharesAtATime = 4;

/** The first error stops the other tables, and is thrown when they have stopped. */
async function compareTables(options: VerifyOptions, pairs: readonly TablePair[]): Promise<TableResult[]> {
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  const all = { ...options, signal };
  const limit = pLimit(tablesAtATime);
  const limits = limitsOf(all);
  const comparisons = pairs.map((pair) => planComparison(all, pair));
  const running = comparisons.map((comparison) => limit(() => compareTable(all, comparison, limits)));
  try {
    return await Promise.all(running);
  } catch (thrown) {
    failure.abort();
    await Promise.allSettled(running);
    throw thrown;
  }
}

/** So many statements at a time on each server, over all tables. */
function limitsOf({ concurrency, signal, logger }: VerifyOptions): Limits {
  const bySide = { source: pLimit(concurrency), target: pLimit(concurrency) };
  const onRetry = (error: TsmoltError, attempt: number): void =>
    logger.warn({ code: error.code, attempt }, `${error.message}; trying again`);
  const holding = pLimit(sharesAtATime);
  return {
    limited: (side, work) => bySide[side](() => withRetry(work, { signal, onRetry })),
    holding: (work) => holding(work),
  };
}

function stopped(): TsmoltError {
  return new TsmoltError('TSM1005', {
    message: 'stopped on request',
    advice: 'Run the same command again: a verification changes nothing.',
  });
}

function nothingToDo(options: VerifyOptions): TsmoltError {
  return new TsmoltError('TSM3005', {
    message: `no table on the source matches ${options.filter.description}`,
    advice: 'Check the filters (they are case-sensitive) and the database in --source.',
  });
}
