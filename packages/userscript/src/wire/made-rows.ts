import { TsmoltError, displayName } from '@tsmolt/core';
import type { ColumnView, ScriptRow, ScriptTable } from '../rows.js';
import type { TargetNames } from '../target.js';
import type { MadeRowText, MadeShapeText } from './messages.js';
import { valuesSeen } from './relations.js';
import type { SeenAs } from './relations.js';

/** Gives the rows that a script made their tables: the target's, with its key. */
export class MadeRows {
  readonly #names: TargetNames;
  readonly #shapes = new Map<number, MadeShapeText>();
  readonly #tables = new WeakMap<ScriptTable, Map<string, ScriptTable>>();
  /** The same by the shape's number. */
  readonly #byShape = new WeakMap<ScriptTable, Map<number, ScriptTable>>();

  constructor(names: TargetNames) {
    this.#names = names;
  }

  learn(shapes: readonly MadeShapeText[]): void {
    for (const shape of shapes) this.#shapes.set(shape.id, shape);
  }

  /**
   * A row that a handler returned in the place of another one.
   *
   * @param seen how the sandbox saw that one
   * @throws TsmoltError `TSM7006` for a table that the target does not have, or a row without its key
   */
  row(text: MadeRowText, from: ScriptRow, seen: SeenAs): ScriptRow {
    const [id] = text;
    const tables = this.#shapeTables(from.table);
    const table = tables.get(id) ?? this.#tableOfShape(id, from);
    tables.set(id, table);
    const values = text.length === 1 ? valuesSeen(from, seen) : (text.slice(1) as (string | null)[]);
    return rowOfTable({ kind: from.kind, table, values }, from);
  }

  #shapeTables(table: ScriptTable): Map<number, ScriptTable> {
    let tables = this.#byShape.get(table);
    if (tables === undefined) {
      tables = new Map();
      this.#byShape.set(table, tables);
    }
    return tables;
  }

  #tableOfShape(id: number, from: ScriptRow): ScriptTable {
    const shape = this.#shapes.get(id);
    if (shape === undefined)
      throw new Error(`the sandbox named a shape ${String(id)} that it never announced`);
    return this.#tableOf(shape.table, shape.columns, from);
  }

  /** A row of columns and values, in the table that a script named, or in that of the row it was made from. */
  rowOf(
    made: {
      readonly kind: ScriptRow['kind'];
      readonly table: string | null;
      readonly columns: readonly string[];
      readonly values: readonly (string | null)[];
    },
    from: ScriptRow,
  ): ScriptRow {
    const { kind, values } = made;
    return rowOfTable({ kind, table: this.#tableOf(made.table, made.columns, from), values }, from);
  }

  /** A delete by the values of the key, in the order of the target's. */
  deleteByKey(values: readonly (string | null)[], from: ScriptRow, table: string | null = null): ScriptRow {
    const name = table === null ? from.table.name : this.#names.routed(table, from.table.name.schema);
    const target = this.#names.find(name)?.key ?? [];
    const columns =
      target.length > 0 ? target : from.table.key.map((index) => from.table.columns[index] as string);
    if (columns.length !== values.length) throw keyMissing(displayName(name), columns);
    return this.rowOf({ kind: 'delete', table, columns, values }, from);
  }

  #tableOf(routed: string | null, columns: readonly string[], from: ScriptRow): ScriptTable {
    const made = this.#tables.get(from.table) ?? new Map<string, ScriptTable>();
    this.#tables.set(from.table, made);
    const key = JSON.stringify([routed, columns]);
    const table = made.get(key) ?? this.#makeTable(routed, columns, from.table);
    made.set(key, table);
    return table;
  }

  #makeTable(routed: string | null, columns: readonly string[], from: ScriptTable): ScriptTable {
    const name = routed === null ? from.name : this.#names.routed(routed, from.name.schema);
    if (routed !== null && !this.#names.mayExist(name)) throw noSuchTable(routed);
    const target = this.#names.find(name);
    const keyNames =
      target !== undefined && target.key.length > 0
        ? target.key
        : from.key.map((index) => from.columns[index] as string);
    const missing = keyNames.filter((column) => !columns.includes(column));
    if (missing.length > 0) throw keyMissing(displayName(name), missing);
    const views = columns.map((column) => viewOf(column, target?.views, from));
    const key = keyNames.map((column) => columns.indexOf(column));
    const made = { name, columns, key, ...(views.some((view) => view !== 'text') ? { views } : {}) };
    // Rows of one shape are written together: those that the script changed with those that it left alone.
    return isSameTable(made, from) ? from : made;
  }
}

function rowOfTable(made: Pick<ScriptRow, 'kind' | 'table' | 'values'>, from: ScriptRow): ScriptRow {
  const { before } = from;
  return before === undefined
    ? made
    : { ...made, before, beforeColumns: from.beforeColumns ?? from.table.columns };
}

function isSameTable(made: ScriptTable, from: ScriptTable): boolean {
  const texts = ({ name: { schema, table }, columns, key, views }: ScriptTable): string =>
    JSON.stringify([schema, table, columns, key, columns.map((_, at) => views?.[at] ?? 'text')]);
  return texts(made) === texts(from);
}

function viewOf(
  column: string,
  views: Readonly<Record<string, ColumnView>> | undefined,
  from: ScriptTable,
): ColumnView {
  if (views !== undefined && Object.hasOwn(views, column)) return views[column] ?? 'text';
  return from.views?.[from.columns.indexOf(column)] ?? 'text';
}

function noSuchTable(table: string): TsmoltError {
  return new TsmoltError('TSM7006', {
    message: `the script sends rows to ${table}, and the target has no such table`,
    advice: 'Create the table, or correct its name in the userscript: case matters.',
  });
}

function keyMissing(table: string, columns: readonly string[]): TsmoltError {
  return new TsmoltError('TSM7006', {
    message: `the script returned a row for ${table} without ${columns.join(', ')}, which identifies its rows`,
    advice: "Return the columns of the target's primary key, by the names that they have there.",
  });
}
