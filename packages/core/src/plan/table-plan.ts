import { TsmoltError } from '../errors.js';
import { comparisonKey, displayName } from '../names.js';
import type { TableName } from '../names.js';
import type { PlannedTable } from '../ports/bulk-target.js';
import type { Column, Table } from '../schema.js';
import { columnsIn } from './expression-columns.js';

/** What a run means to do with one source table, before it looks at the target. */
export interface TablePlan {
  readonly source: Table;
  /** The table's name on the target: the source's unless a rule renames it. */
  readonly target: TableName;
  /** The rule that renames the table or its schema, for messages (`rules.json, transforms[1]`). */
  readonly renamedBy?: string;
  /** Names of the source's columns that are not copied. */
  readonly excluded: ReadonlySet<string>;
  /** Those of the excluded columns that the target is to compute by itself. */
  readonly computed: readonly Column[];
  /** Which rows are copied, as a condition in the source's own SQL. */
  readonly filter?: string;
  /** The same rows in the target's SQL, where it is written otherwise there. */
  readonly targetFilter?: string;
}

/** The plan of a table that no rule concerns. */
export function plainPlan(source: Table): TablePlan {
  return { source, target: source.name, excluded: new Set(), computed: [] };
}

/** The columns whose values the target is given. */
export function copiedColumns(plan: TablePlan): Column[] {
  return plan.source.columns.filter((column) => !plan.excluded.has(column.name));
}

/** `a.t`, or `a.t (b.u on the target)` where the two names differ. */
export function describeNames(plan: TablePlan): string {
  const [source, target] = [displayName(plan.source.name), displayName(plan.target)];
  return source === target ? source : `${source} (${target} on the target)`;
}

/** A text under which the names of one table meet. */
export function tableKey(name: TableName, caseSensitive: boolean): string {
  return comparisonKey(JSON.stringify([name.schema, name.table]), caseSensitive);
}

/**
 * The table that is to be created for a plan.
 *
 * @param chosenTypes types in the target's SQL by column name
 * @throws TsmoltError `TSM1006` when a rule excludes a column of the primary key, or one that a computed column needs
 */
export function plannedTable(plan: TablePlan, chosenTypes?: ReadonlyMap<string, string>): PlannedTable {
  const lost = plan.source.primaryKey?.columns.find((name) => plan.excluded.has(name));
  if (lost !== undefined) {
    throw new TsmoltError('TSM1006', {
      message: `column ${lost} of ${displayName(plan.source.name)} is excluded by a transformation rule and is part of its primary key`,
      advice:
        'Let the rule match fewer columns, or create the target table yourself with a key of your choice.',
    });
  }
  for (const column of plan.computed) assertComputable(plan, column);
  return {
    ...plan.source,
    name: plan.target,
    columns: copiedColumns(plan),
    ...(chosenTypes === undefined ? {} : { chosenTypes }),
    ...(plan.computed.length === 0 ? {} : { computedColumns: plan.computed }),
  };
}

/** Found out before the old table is dropped; neither target lets a computed column name another one. */
function assertComputable(plan: TablePlan, column: Column): void {
  const expression = column.generation?.expression ?? '';
  const lacking = columnsIn(expression, plan.source.columns).find((name) => plan.excluded.has(name));
  if (lacking === undefined) return;
  throw new TsmoltError('TSM1006', {
    message:
      `${displayName(plan.source.name)}.${column.name} is to be computed as ${expression}, and a transformation rule ` +
      `excludes ${lacking}`,
    advice: 'Let the rule match fewer columns: one that a computed column is made of has to be copied.',
  });
}
