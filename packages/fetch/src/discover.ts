import {
  chooseTypes,
  displayName,
  filterWarnings,
  isUnmigratable,
  loadOrder,
  matchTables,
  nameFilter,
  plannedTable,
  refuseUnsupportedRenames,
  standingTables,
  transformTables,
  TsmoltError,
  withRowFilters,
} from '@tsmolt/core';
import type {
  LoadOrder,
  MatchResult,
  Mismatch,
  PlannedTable,
  Table,
  TableName,
  TablePair,
  TablePlan,
} from '@tsmolt/core';
import { assertChecksumsTell } from './checksum.js';
import type { FetchOptions } from './options.js';

/** What the catalogs and the configuration files say before anything is touched. */
export interface Discovery {
  /** The tables that are moved. */
  readonly sourceTables: readonly Table[];
  /** What is meant to become of each of them, in the same order. */
  readonly plans: readonly TablePlan[];
  /** Tables of the target where the rows go, under whatever spelling of their names, each once. */
  readonly targetTables: readonly Table[];
  /** Empty when the tables are to be created, and where nothing is loaded (`export-only`). */
  readonly pairs: readonly TablePair[];
  /** Source tables that are left out because they cannot be migrated: MOLT's `skipped_unmigratable_tables`. */
  readonly skipped: readonly TableName[];
  /** The tables to create, one for each plan; empty unless `drop-on-target-and-recreate` is asked for. */
  readonly planned: readonly PlannedTable[];
}

/**
 * Reads the catalogs (the source's alone for `export-only`), applies transformations, row filters and type map, and compares the two sides.
 *
 * @throws TsmoltError `TSM3005` when no table is left to move, `TSM3003` when a difference forbids the load, `TSM3007`
 *   when foreign keys of the target leave no order to load in, `TSM1006` and `TSM3004` when a configuration file does not
 *   fit the tables, `TSM1001` when a flag does not go with it
 */
export async function discover(options: FetchOptions): Promise<Discovery> {
  const exportsOnly = options.mode === 'export-only';
  const [sourceTables, targetTables] = await Promise.all([
    options.source.catalog.tables(options.filter),
    exportsOnly ? [] : options.target.catalog.tables(nameFilter({})),
  ]);
  if (sourceTables.length === 0) throw nothingToDo(options);
  assertReadable(sourceTables, options);
  const plans = planTables(sourceTables, options);
  if (exportsOnly) return { sourceTables, plans, targetTables, pairs: [], skipped: [], planned: [] };
  refuseUnsupportedRenames(plans, {
    caseSensitive: options.caseSensitive,
    recreates: options.tableHandling === 'drop-on-target-and-recreate',
    loadsByCopy: options.route.kind === 'direct' || options.route.load === 'copy',
  });
  assertChecksumsTell(
    options,
    plans.map((plan) => plan.target),
  );
  return options.tableHandling === 'drop-on-target-and-recreate'
    ? toBeCreated(plans, targetTables, options)
    : toBeFilled(plans, targetTables, options);
}

function planTables(tables: readonly Table[], options: FetchOptions): readonly TablePlan[] {
  const transformed = transformTables(tables, options.transformations);
  for (const place of transformed.unused) {
    options.logger.warn(`${place} concerns no table or column of this run`);
  }
  const plans = withRowFilters(transformed.plans, options.rowFilters, options.caseSensitive);
  for (const plan of plans) {
    const fields = { table: displayName(plan.source.name) };
    for (const warning of filterWarnings(plan)) options.logger.warn(fields, warning);
  }
  return plans;
}

function toBeCreated(
  plans: readonly TablePlan[],
  targetTables: readonly Table[],
  options: FetchOptions,
): Discovery {
  const types = chooseTypes(plans, options.typeMap, options.caseSensitive);
  return {
    sourceTables: plans.map((plan) => plan.source),
    plans,
    targetTables: standingTables(plans, targetTables, options.caseSensitive),
    pairs: [],
    skipped: [],
    planned: plans.map((plan) => plannedTable(plan, types.get(plan))),
  };
}

function toBeFilled(
  allPlans: readonly TablePlan[],
  targetTables: readonly Table[],
  options: FetchOptions,
): Discovery {
  if (options.typeMap !== undefined) {
    options.logger.warn(
      'the type map is for tables that the run creates: without --table-handling drop-on-target-and-recreate it changes nothing',
    );
  }
  const result = matchTables(allPlans, targetTables, options);
  const skipped = options.skipUnmigratableTables ? unmigratableTables(result) : new Set<TableName>();
  reportMismatches(result.mismatches, skipped, options);
  const pairs = result.pairs.filter((pair) => !skipped.has(pair.source.name));
  if (pairs.length === 0) throw nothingMigratable(skipped);
  assertNoCircle(loadOrder(pairs.map((pair) => pair.target)));
  const moved = new Set(pairs.map((pair) => pair.source));
  return {
    sourceTables: [...moved],
    plans: allPlans.filter((plan) => moved.has(plan.source)),
    targetTables: [...new Set(pairs.map((pair) => pair.target))],
    pairs,
    skipped: [...skipped],
    planned: [],
  };
}

/** Tables without a primary key or with one of another collation: what MOLT leaves out rather than stop for. */
function unmigratableTables({ mismatches }: MatchResult): Set<TableName> {
  return new Set(mismatches.filter(isUnmigratable).map((mismatch) => mismatch.table));
}

function nothingToDo(options: FetchOptions): TsmoltError {
  return new TsmoltError('TSM3005', {
    message: `no table on the source matches ${options.filter.description}`,
    advice:
      'Check the filters (they are case-sensitive), the database in --source, and that the user may see its schemas.',
  });
}

function nothingMigratable(skipped: ReadonlySet<TableName>): TsmoltError {
  return new TsmoltError('TSM3005', {
    message: `no table is left to move: ${[...skipped].map(displayName).join(', ')} cannot be migrated`,
    advice:
      'The log above says why for each: add primary keys, or let such tables through with --skip-pk-check.',
  });
}

/** Found out before anything on the target is emptied or dropped. */
function assertReadable(tables: readonly Table[], options: FetchOptions): void {
  const closed = tables.filter((table) => !table.readable).map((table) => displayName(table.name));
  if (closed.length === 0) return;
  throw new TsmoltError('TSM3001', {
    message: `user "${options.source.url.user}" may not read ${closed.join(', ')} on the source`,
    advice:
      'Grant SELECT on them and USAGE on their schemas, or leave them out with --table-exclusion-filter.',
  });
}

/** A table that is skipped stops nothing, whatever else is the matter with it. */
function reportMismatches(
  mismatches: readonly Mismatch[],
  skipped: ReadonlySet<TableName>,
  options: FetchOptions,
): void {
  for (const mismatch of mismatches) {
    const fields = {
      table: displayName(mismatch.table),
      ...(mismatch.column === undefined ? {} : { column: mismatch.column }),
      mismatch_tag: mismatch.tag,
      failable_mismatch: mismatch.failable,
      advice: mismatch.advice,
    };
    if (skipped.has(mismatch.table)) options.logger.warn({ ...fields, skipped: true }, mismatch.message);
    else if (mismatch.failable) options.logger.error(fields, mismatch.message);
    else options.logger.warn(fields, mismatch.message);
  }
  const failing = mismatches.filter((mismatch) => mismatch.failable && !skipped.has(mismatch.table));
  const [first] = failing;
  if (first === undefined) return;
  const others = failing.length === 1 ? '' : ` (and ${failing.length - 1} more, all in the log above)`;
  throw new TsmoltError('TSM3003', { message: `${first.message}${others}`, advice: first.advice });
}

function assertNoCircle(order: LoadOrder): void {
  if (order.circle.length === 0) return;
  throw new TsmoltError('TSM3007', {
    message: `foreign keys on the target go round in a circle through ${order.circle.join(', ')}`,
    advice: 'Drop one of these foreign keys on the target until the data is loaded, then add it again.',
  });
}
