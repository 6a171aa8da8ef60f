import { TsmoltError } from '../errors.js';
import { comparisonKey, displayName } from '../names.js';
import type { Column } from '../schema.js';
import type { LogicalType } from '../types.js';
import { withoutDomain } from '../types.js';
import { chosenType, mayBecome } from './chosen-type.js';
import { NameIndex } from './name-index.js';
import { copiedColumns } from './table-plan.js';
import type { TablePlan } from './table-plan.js';
import { parseTypeName } from './type-names.js';

/** The mappings for one table in MOLT's `--type-map-file` (manual, "Type mapping"). */
export interface TableTypeMap {
  /** Where it stands, for messages: `types.json, [0]`. */
  readonly place: string;
  /** `schema.table` on the source. */
  readonly table: string;
  readonly columns: readonly ColumnTypeMap[];
}

export interface ColumnTypeMap {
  readonly place: string;
  /** `*` means every column of the source type. */
  readonly column: string;
  readonly sourceType: string;
  /** A type in the target's SQL that `isTypeText` has let through. */
  readonly targetType: string;
}

export type TypeMap = readonly TableTypeMap[];

/** Types in the target's SQL by column name. */
export type ChosenTypes = ReadonlyMap<string, string>;

/**
 * Finds the columns that the map means. A mapping that names its column goes before one of `*`, and among equals the
 * later one decides.
 *
 * @throws TsmoltError `TSM1006` for a mapping that meets no table or no column, `TSM3004` for one between types whose
 *   values do not go into each other
 */
export function chooseTypes(
  plans: readonly TablePlan[],
  typeMap: TypeMap = [],
  caseSensitive = false,
): ReadonlyMap<TablePlan, ChosenTypes> {
  const index = new NameIndex(plans, (plan) => displayName(plan.source.name), caseSensitive);
  const chosen = new Map<TablePlan, Map<string, string>>();
  for (const entry of typeMap) {
    const [plan, ...others] = index.find(entry.table);
    if (plan === undefined || others.length > 0) throw noSuchTable(entry, others.length > 0);
    const types = chosen.get(plan) ?? new Map<string, string>();
    for (const [name, type] of typesOf(plan, entry, caseSensitive)) types.set(name, type);
    chosen.set(plan, types);
  }
  return chosen;
}

function typesOf(plan: TablePlan, entry: TableTypeMap, caseSensitive: boolean): Map<string, string> {
  const types = new Map<string, string>();
  const general = entry.columns.filter((mapping) => mapping.column === '*');
  const special = entry.columns.filter((mapping) => mapping.column !== '*');
  for (const mapping of [...general, ...special]) {
    for (const column of columnsMeant(plan, mapping, caseSensitive)) {
      assertAllowed(plan, column, mapping);
      types.set(column.name, mapping.targetType);
    }
  }
  return types;
}

function columnsMeant(plan: TablePlan, mapping: ColumnTypeMap, caseSensitive: boolean): Column[] {
  const key = comparisonKey(mapping.column, caseSensitive);
  const named = [...copiedColumns(plan), ...plan.computed].filter(
    (column) => mapping.column === '*' || comparisonKey(column.name, caseSensitive) === key,
  );
  const meant = named.filter((column) => isOfType(column, mapping.sourceType));
  if (meant.length === 0) throw noSuchColumn(plan, mapping, named);
  return meant;
}

/** Whether the column has the type that a person calls so. Modifiers count only where they are given. */
function isOfType(column: Column, sourceType: string): boolean {
  const wanted = parseTypeName(sourceType);
  const found = parseTypeName(column.nativeType);
  if (wanted.dimensions !== found.dimensions) return false;
  if (wanted.modifiers !== '' && wanted.modifiers !== found.modifiers) return false;
  return basesOf(column, found.base).has(wanted.base);
}

/** A column answers to its type's name, to that without MySQL's attributes, to that without its schema. */
function basesOf(column: Column, base: string): ReadonlySet<string> {
  const bare = parseTypeName(base.replaceAll(/ (unsigned|signed|zerofill)\b/g, '')).base;
  const names = new Set([base, bare, bare.replace(/^.*\./, '').replaceAll('"', '')]);
  const type = withoutDomain(column.type);
  if (type.kind === 'integer' && type.boolean) names.add('bool');
  if (base === 'float8') names.add('float');
  return names;
}

function assertAllowed(plan: TablePlan, column: Column, mapping: ColumnTypeMap): void {
  const target: LogicalType = chosenType(mapping.targetType);
  if (mayBecome(column.type, target)) return;
  throw new TsmoltError('TSM3004', {
    message:
      `${mapping.place}: ${displayName(plan.source.name)}.${column.name} is ${column.nativeType}, ` +
      `whose values do not go into ${mapping.targetType}`,
    advice:
      'Choose an alias of the type, one that its values can be cast to, or STRING; or take the mapping out.',
  });
}

function noSuchTable(entry: TableTypeMap, ambiguous: boolean): TsmoltError {
  return new TsmoltError('TSM1006', {
    message: ambiguous
      ? `${entry.place}.table: several tables are called ${entry.table} when case is disregarded`
      : `${entry.place}.table: ${entry.table} is no table of this run`,
    advice: 'Give it as {schema}.{table}, as the source spells it, and check the filters by name.',
  });
}

function noSuchColumn(plan: TablePlan, mapping: ColumnTypeMap, named: readonly Column[]): TsmoltError {
  const table = displayName(plan.source.name);
  const [only] = named;
  const described =
    mapping.column !== '*' && only !== undefined
      ? `column ${only.name} of ${table} is ${only.nativeType}, not ${mapping.sourceType}`
      : mapping.column === '*'
        ? `${table} has no column of type ${mapping.sourceType}`
        : `${table} has no column ${mapping.column} that is created`;
  return new TsmoltError('TSM1006', {
    message: `${mapping.place}: ${described}`,
    advice: 'Correct "column" and "source_type", or take the mapping out: it would change nothing.',
  });
}
