import { comparisonKey, displayName, NameIndex, TsmoltError, withoutDomain } from '@tsmolt/core';
import type { ChangedTable, ChangeValue, Column, EncodedRow, Mutation, Table } from '@tsmolt/core';

/** Where the changes of one shape of a source table go. */
export interface Route {
  readonly table: Table;
  /** The target's names of the columns that are written. */
  readonly columns: readonly string[];
  /** For each of them its place in the values of the change; undefined where values are in that order already. */
  readonly take: readonly number[] | undefined;
  /** The columns, in the target's names, by which a row is found. */
  readonly key: readonly string[];
  /** Where they lie in `columns`. */
  readonly keyAt: readonly number[];
  /** Whether two texts of a key mean two rows: `1.0` and `1.00` do not. */
  readonly exactKey: boolean;
}

/** A change on its way to a table of the target. Values are in the order of `route.columns`. */
export interface RoutedMutation {
  readonly route: Route;
  readonly kind: Mutation['kind'];
  /** The row cannot be there yet. */
  readonly fresh?: true;
  readonly values: readonly ChangeValue[];
  /** The same values as they came, where nobody had to look at them yet. */
  readonly encoded?: EncodedRow;
  readonly oldKey?: readonly ChangeValue[];
  readonly source: Mutation;
}

/** A whole row whose columns have the same order here and there: its values are left as they came. */
class EncodedChange implements RoutedMutation {
  readonly kind = 'upsert';
  readonly route: Route;
  readonly encoded: EncodedRow;
  readonly fresh?: true;
  readonly source: Mutation;

  constructor(route: Route, source: Mutation, encoded: EncodedRow) {
    this.route = route;
    this.encoded = encoded;
    this.source = source;
    if (source.fresh === true) this.fresh = true;
  }

  get values(): readonly ChangeValue[] {
    return this.source.values;
  }
}

/** Finds for each change the table of the target that it goes to: by its name, in the schema that was chosen. */
export class TargetTables {
  readonly #named: NameIndex<Table>;
  readonly #routes = new Map<ChangedTable, Route>();
  readonly all: readonly Table[];

  constructor(tables: readonly Table[]) {
    this.all = tables;
    this.#named = new NameIndex(tables, ({ name }) => name.table);
  }

  find(name: string): Table | undefined {
    return this.#named.find(name);
  }

  /** @throws TsmoltError `TSM7005` where the target has no place for the changes */
  route(changed: ChangedTable): Route {
    const known = this.#routes.get(changed);
    if (known !== undefined) return known;
    const table = this.find(changed.name.table);
    if (table === undefined) throw missingTable(changed);
    const route = routeInto(table, changed);
    this.#routes.set(changed, route);
    return route;
  }

  routed(source: Mutation): RoutedMutation {
    const route = this.route(source.table);
    const { encoded } = source;
    if (encoded !== undefined && route.take === undefined) return new EncodedChange(route, source, encoded);
    const values = route.take === undefined ? source.values : route.take.map((at) => source.values[at]);
    const { kind, fresh, oldKey } = source;
    if (oldKey !== undefined) return { route, kind, values, source, oldKey };
    return fresh === true ? { route, kind, fresh, values, source } : { route, kind, values, source };
  }
}

/** The route of rows that carry these columns by name. */
export function routeInto(table: Table, changed: ChangedTable): Route {
  const named = new NameIndex(table.columns, ({ name }) => name);
  const found = changed.columns.map((name) => named.find(name));
  const missing = changed.columns.filter((_, at) => found[at] === undefined);
  if (missing.length > 0) throw missingColumns(table, changed, missing);
  refuseOmitted(table, changed);
  const written = found.flatMap((column, at) =>
    column === undefined || column.generated ? [] : [{ column, at }],
  );
  const key = changed.key.map((at) => found[at]?.name ?? '');
  refuseUnlessUnique(table, changed, key);
  const columns = written.map(({ column }) => column.name);
  return {
    table,
    columns,
    take:
      written.every(({ at }, place) => at === place) && written.length === found.length
        ? undefined
        : written.map(({ at }) => at),
    key,
    keyAt: key.map((name) => columns.indexOf(name)),
    exactKey: written.every(({ column }) => !key.includes(column.name) || hasExactText(column)),
  };
}

/** What the source computes and does not send, the target has to compute too: it would silently stay NULL. */
function refuseOmitted(table: Table, { name, omitted = [] }: ChangedTable): void {
  const wanted = new Set(omitted.map((column) => comparisonKey(column, false)));
  const empty = table.columns.filter(
    (column) => wanted.has(comparisonKey(column.name, false)) && !column.generated && !column.hasDefault,
  );
  if (empty.length === 0) return;
  const names = empty.map((column) => column.name).join(', ');
  throw new TsmoltError('TSM7005', {
    message: `${displayName(name)} computes ${names}, which its changes do not carry, and ${displayName(table.name)} on the target does not compute it`,
    advice:
      'Make it a generated column on the target as well; or, on PostgreSQL 18 and later, have the publication send it ' +
      '(ALTER PUBLICATION ... SET (publish_generated_columns = stored)). Then start again: nothing was lost.',
  });
}

/** Whether equal values always have equal texts, and different values different ones. */
function hasExactText({ type, collation }: Column): boolean {
  const { kind } = withoutDomain(type);
  if (kind === 'string') return collation === undefined && !padded(type);
  return exactKinds.has(kind);
}

const exactKinds: ReadonlySet<string> = new Set([
  'integer',
  'boolean',
  'uuid',
  'bytes',
  'date',
  'timestamp',
  'enum',
]);

function padded(type: Column['type']): boolean {
  const base = withoutDomain(type);
  return base.kind === 'string' && base.padded === true;
}

function refuseUnlessUnique(table: Table, changed: ChangedTable, key: readonly string[]): void {
  const same = (columns: readonly string[]): boolean =>
    columns.length === key.length && columns.every((column) => key.includes(column));
  const keys = [...(table.primaryKey === undefined ? [] : [table.primaryKey]), ...table.uniqueKeys];
  if (key.length > 0 && keys.some(({ columns }) => same(columns))) return;
  const has = keys.map(({ columns }) => `(${columns.join(', ')})`).join(', ') || 'no key';
  throw new TsmoltError('TSM7005', {
    message: `${displayName(changed.name)} identifies its rows by (${key.join(', ')}), and ${displayName(table.name)} on the target has ${has}`,
    advice:
      'Create a primary key or a unique constraint over the same columns on the target, then start again: nothing was lost.',
  });
}

function missingTable(changed: ChangedTable): TsmoltError {
  return new TsmoltError('TSM7005', {
    message: `changes come for ${displayName(changed.name)}, and the target schema has no such table`,
    advice:
      'Create the table on the target, or leave it out of the publication or with a table filter, then start again: nothing was lost.',
  });
}

function missingColumns(table: Table, changed: ChangedTable, missing: readonly string[]): TsmoltError {
  return new TsmoltError('TSM7005', {
    message: `${displayName(changed.name)} has the columns ${missing.join(', ')}, which ${displayName(table.name)} on the target does not have`,
    advice:
      'Add the columns on the target, then start again: replication goes on where it stopped, and nothing was lost.',
  });
}
