import { setMaxListeners } from 'node:events';
import { clockDuration, displayName, matchTables, nameFilter, transformTables, TsmoltError, withRowFilters } from '@tsmolt/core'; // prettier-ignore
import type { Table, TableName, TablePair } from '@tsmolt/core';
import pLimit from 'p-limit';
import { compareTable } from './compare-table.js';
import { withConstraints } from './constraint-differences.js';
import type { SchemaDifference } from './constraint-differences.js';
import type { VerifyOptions } from './options.js';
import { Parking } from './parking.js';
import { planComparison } from './plan-comparison.js';
import { RepairJob } from './repair/repair-job.js';
import type { RepairReport, RowCounts, TableResult, Verdict, VerifyReport } from './report.js';
import { StateFile } from './state/state-file.js';
import { limitsOf } from './statement-limits.js';

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
  const state = await StateFile.open(options);
  logger.info('verification in progress');
  const { targets, ...found } = await discover(options);
  options.metrics.tables(found.pairs.length);
  const { tables, repair } = await compareTables(options, state, { ...found, targets });
  await state.remove();
  const netMs = performance.now() - started;
  logger.info(
    { net_duration_ms: Math.round(netMs * 1000) / 1000, net_duration: clockDuration(netMs) },
    'verification complete',
  );
  const { mismatches, missingTables, extraneousTables } = found;
  const verdict = verdictOf(mismatches, tables, repair);
  return {
    tables,
    mismatches,
    missingTables,
    extraneousTables,
    netMs,
    verdict,
    equal: verdict === 'equal',
    ...(repair === undefined ? {} : { repair }),
  };
}

interface Discovered {
  readonly pairs: readonly TablePair[];
  readonly mismatches: readonly SchemaDifference[];
  readonly missingTables: readonly TableName[];
  readonly extraneousTables: readonly TableName[];
  /** All tables of the target. */
  readonly targets: readonly Table[];
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
  const matched = matchTables(filtered, targets, { caseSensitive, skipPrimaryKeyCheck: false });
  const { pairs } = matched;
  refuseConsolidations(pairs);
  const mismatches = withConstraints(matched.mismatches, pairs);
  const met = new Set(pairs.map((pair) => pair.target));
  const missing = mismatches.filter(({ tag }) => tag === 'missing table').map(({ table }) => table);
  const extraneous = targets.filter((table) => !met.has(table) && filter.matches(table.name));
  report(options, mismatches, extraneous);
  return {
    pairs,
    mismatches,
    targets,
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
  mismatches: readonly SchemaDifference[],
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
const hides: ReadonlySet<SchemaDifference['tag']> = new Set([
  'missing table',
  'ambiguous name',
  'missing column on target',
]);

function verdictOf(
  mismatches: readonly SchemaDifference[],
  tables: readonly TableResult[],
  repair: RepairReport | undefined,
): Verdict {
  const sum = (names: readonly (keyof RowCounts)[]): number =>
    tables.reduce((total, { counts }) => total + names.reduce((all, name) => all + counts[name], 0), 0);
  const uncompared = mismatches.some(({ tag, failable }) => failable && hides.has(tag));
  if (uncompared || sum(['columnMismatch']) > 0) return 'different';
  const left = (repair?.unrepairable ?? []).reduce((total, { rows }) => total + rows, 0);
  const undecided = sum(['stillChanging']);
  const different =
    repair?.applied === undefined
      ? sum(['missing', 'mismatch', 'extraneous'])
      : // What changes still is among what cannot be repaired.
        repair.applied.remaining + repair.applied.refused + left - undecided;
  if (different > 0) return 'different';
  return undecided > 0 ? 'undecided' : 'equal';
}

/** Tables at a time: small ones would leave all connections but one without work. */
const tablesAtATime = 4;

interface Compared {
  readonly tables: readonly TableResult[];
  readonly repair?: RepairReport;
}

/** The first error stops the other tables, and is thrown when they have stopped and what is finished is noted. */
async function compareTables(options: VerifyOptions, state: StateFile, found: Discovered): Promise<Compared> {
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  // Every statement that runs listens; Node would take eleven of them for a leak.
  setMaxListeners(0, signal);
  const all = { ...options, signal };
  const comparisons = found.pairs.map((pair) => planComparison(all, pair));
  const limits = limitsOf(all);
  const progress = comparisons.map((comparison) => state.table(comparison));
  state.announce();
  await state.save();
  const job =
    options.repair === undefined ? undefined : await RepairJob.open(all, options.repair, comparisons);
  const shared = { limits, parking: new Parking(), ...(job === undefined ? {} : { repairs: job.sink }) };
  const limit = pLimit(tablesAtATime);
  const running = comparisons.map(async (comparison, index) => {
    const own = progress[index] ?? state.table(comparison);
    return limit(() => compareTable(all, comparison, own, shared));
  });
  try {
    const tables = await Promise.all(running);
    return job === undefined ? { tables } : { tables, repair: await job.finish(found.targets, limits) };
  } catch (thrown) {
    failure.abort();
    await Promise.allSettled(running);
    await state.save();
    throw thrown;
  } finally {
    await job?.close();
  }
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
