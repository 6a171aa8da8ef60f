import { TsmoltError } from '../errors.js';
import { displayName } from '../names.js';
import type { TableName } from '../names.js';
import type { Table } from '../schema.js';
import { columnsIn } from './expression-columns.js';
import { NameIndex } from './name-index.js';
import type { TablePlan } from './table-plan.js';

/** One entry of MOLT's `--filter-path` (manual, "Row-level filtering"). It names one source table. */
export interface RowFilter extends TableName {
  /** Where the entry stands, for messages: `filters.json, filters[0]`. */
  readonly place: string;
  /** A condition in the source's own SQL. */
  readonly expression: string;
  /** The same rows in the target's SQL, where it is written otherwise there. */
  readonly targetExpression?: string;
}

export type RowFilters = readonly RowFilter[];

/**
 * Gives each filter to the table that it names.
 *
 * @throws TsmoltError `TSM1006` for a filter that names no table of the run, and for a second one of a table: rows that
 *   were meant to be left out would travel otherwise
 */
export function withRowFilters(
  plans: readonly TablePlan[],
  filters: RowFilters = [],
  caseSensitive = false,
): TablePlan[] {
  const found = new Map<TablePlan, RowFilter>();
  for (const filter of filters) {
    const plan = filteredPlan(plans, filter, caseSensitive);
    const first = found.get(plan);
    if (first !== undefined) {
      throw new TsmoltError('TSM1006', {
        message: `${filter.place}: ${displayName(filter)} has a filter already, ${first.place}`,
        advice: 'Join the two conditions with AND.',
      });
    }
    found.set(plan, filter);
  }
  return plans.map((plan) => {
    const filter = found.get(plan);
    if (filter === undefined) return plan;
    const { expression, targetExpression } = filter;
    const onTarget = targetExpression === undefined ? {} : { targetFilter: targetExpression };
    return { ...plan, filter: expression, ...onTarget };
  });
}

/** The filter of a table; of names that read alike when case is disregarded, the one that is spelled the same. */
export function rowFilterOf(
  table: TableName,
  filters: RowFilters = [],
  caseSensitive = false,
): RowFilter | undefined {
  const index = new NameIndex(filters, displayName, caseSensitive);
  return index.find(displayName(table))[0];
}

function filteredPlan(plans: readonly TablePlan[], filter: RowFilter, caseSensitive: boolean): TablePlan {
  const name = displayName(filter);
  const index = new NameIndex(plans, (plan) => displayName(plan.source.name), caseSensitive);
  const candidates = index.find(name);
  const [only] = candidates;
  if (only !== undefined && candidates.length === 1) return only;
  throw new TsmoltError('TSM1006', {
    message:
      only === undefined
        ? `${filter.place}.resource_specifier: ${name} is no table of this run`
        : `${filter.place}.resource_specifier: ${name} could be ${candidates.map((plan) => displayName(plan.source.name)).join(' or ')}`,
    advice:
      'Give schema and table as the source spells them (names, no patterns), and check the filters by name.',
  });
}

/** MOLT's warning for each column of the plan's filter that no index starts with. */
export function filterWarnings({ source, filter }: TablePlan): string[] {
  if (filter === undefined) return [];
  const indexed = indexedColumns(source);
  return columnsIn(filter, source.columns)
    .filter((name) => !indexed.has(name))
    .map(
      (name) =>
        `filter expression '${filter}' contains column '${name}' which is not indexed. This may lead to performance issues.`,
    );
}

function indexedColumns(table: Table): ReadonlySet<string | undefined> {
  return new Set([
    ...table.indexedColumns,
    table.primaryKey?.columns[0],
    ...table.uniqueKeys.map((key) => key.columns[0]),
  ]);
}
