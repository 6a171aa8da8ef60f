import { displayName, NameIndex, withoutDomain } from '@tsmolt/core';
import type { ChangedTable, Column, Table, TableName } from '@tsmolt/core';
import type { ColumnView, ScriptTable, ScriptTarget } from '@tsmolt/userscript';

interface KnownTable {
  readonly table: Table;
  readonly columns: NameIndex<Column>;
}

/** The tables of both sides as scripts have to do with them: names in their spellings, and how columns are seen. */
export class ScriptTables {
  readonly #targetSchema: string;
  readonly #targets: NameIndex<KnownTable>;
  readonly #sources: ReadonlyMap<string, KnownTable>;
  readonly #arriving = new WeakMap<ChangedTable, ScriptTable>();
  readonly #changed = new WeakMap<ScriptTable, ChangedTable>();
  readonly #placed = new WeakMap<ScriptTable, ScriptTable>();

  constructor({
    targetSchema,
    targets,
    sources,
  }: {
    readonly targetSchema: string;
    /** Of that schema. */
    readonly targets: readonly Table[];
    readonly sources: readonly Table[];
  }) {
    this.#targetSchema = targetSchema;
    this.#targets = new NameIndex(targets.map(byColumns), ({ table }) => table.name.table);
    this.#sources = new Map(sources.map((table) => [displayName(table.name), byColumns(table)]));
  }

  /** A table of the source, in the target's schema: what the handlers of the schema get. */
  arriving(changed: ChangedTable): ScriptTable {
    const known = this.#arriving.get(changed);
    if (known !== undefined) return known;
    const { name, columns, key } = changed;
    const source = this.#sources.get(displayName(name))?.columns;
    const target = this.#targets.find(name.table)?.columns;
    const views = columns.map((column) => {
      const view = viewOf(source?.find(column));
      return view === 'text' ? viewOf(target?.find(column)) : view;
    });
    const table = { name: { schema: this.#targetSchema, table: name.table }, columns, key, views };
    this.#arriving.set(changed, table);
    this.#changed.set(table, changed);
    return table;
  }

  /** The source's own shape, of a table that nothing was done to. */
  changed(table: ScriptTable): ChangedTable | undefined {
    return this.#changed.get(table);
  }

  /** The same table with the target's spellings, where the target has such a table or column. */
  placed(table: ScriptTable): ScriptTable {
    const known = this.#placed.get(table);
    if (known !== undefined) return known;
    const target = this.#targetOf(table.name);
    const respelled = target === undefined ? table : respell(table, target);
    this.#placed.set(table, respelled);
    return respelled;
  }

  /** Whether the target has such a column; true where nobody knows. */
  mayHold({ name }: ScriptTable, column: string): boolean {
    const target = this.#targetOf(name);
    return target === undefined || target.columns.find(column) !== undefined;
  }

  #targetOf({ schema, table }: TableName): KnownTable | undefined {
    return schema === this.#targetSchema ? this.#targets.find(table) : undefined;
  }
}

function byColumns(table: Table): KnownTable {
  return { table, columns: new NameIndex(table.columns, ({ name }) => name) };
}

function respell(table: ScriptTable, target: KnownTable): ScriptTable {
  const columns = table.columns.map((name) => target.columns.find(name)?.name ?? name);
  const same =
    target.table.name.table === table.name.table && columns.every((name, at) => name === table.columns[at]);
  return same ? table : { ...table, name: target.table.name, columns };
}

/** What a script has to know of a table of the target. */
export function describeTarget({ name, columns, primaryKey }: Table): ScriptTarget {
  const views = columns.flatMap((column): [string, ColumnView][] => {
    const view = viewOf(column);
    return view === 'text' ? [] : [[column.name, view]];
  });
  return { name, key: primaryKey?.columns ?? [], views: Object.fromEntries(views) };
}

function viewOf(column: Column | undefined): ColumnView {
  if (column === undefined) return 'text';
  const { kind } = withoutDomain(column.type);
  return kind === 'boolean' || kind === 'json' || kind === 'array' ? kind : 'text';
}
