import type { Column, Table } from '../schema.js';
import { NameIndex } from './name-index.js';
import type { ColumnPair } from './table-pair.js';
import { copiedColumns } from './table-plan.js';
import type { TablePlan } from './table-plan.js';

/** How the columns of a source table and of its counterpart meet. */
export interface ColumnMatch {
  /** In the source's order. A column that the target computes is not among them. */
  readonly pairs: readonly ColumnPair[];
  /** Columns that are to be copied and that the target lacks. */
  readonly missing: readonly Column[];
  /** Columns of the target that nothing is copied into and that it does not compute. */
  readonly extraneous: readonly Column[];
  /** Columns to be computed that the target lacks. */
  readonly notComputed: readonly Column[];
  /** Names that differ in case only, so that nobody can say which column is meant. */
  readonly ambiguous: readonly AmbiguousColumns[];
}

export interface AmbiguousColumns {
  readonly source: readonly Column[];
  readonly target: readonly Column[];
}

/** Finds the counterpart of each column that is copied. */
export function matchColumns(plan: TablePlan, target: Table, caseSensitive: boolean): ColumnMatch {
  const index = new NameIndex(target.columns, (column) => column.name, caseSensitive);
  const missing: Column[] = [];
  const ambiguous: AmbiguousColumns[] = [];
  const sourcesOf = new Map<Column, Column[]>();
  for (const column of copiedColumns(plan)) {
    const candidates = index.find(column.name);
    const [only] = candidates;
    if (only === undefined) missing.push(column);
    else if (candidates.length > 1) ambiguous.push({ source: [column], target: candidates });
    else sourcesOf.set(only, [...(sourcesOf.get(only) ?? []), column]);
  }
  const pairs: ColumnPair[] = [];
  for (const [counterpart, sources] of sourcesOf) {
    const [only] = sources;
    if (sources.length > 1) ambiguous.push({ source: sources, target: [counterpart] });
    else if (only !== undefined && !counterpart.generated) pairs.push({ source: only, target: counterpart });
  }
  const met = new Set([...sourcesOf.keys(), ...ambiguous.flatMap((names) => names.target)]);
  return {
    pairs,
    missing,
    ambiguous,
    extraneous: target.columns.filter((column) => !column.generated && !met.has(column)),
    notComputed: plan.computed.filter((column) => index.find(column.name).length === 0),
  };
}
