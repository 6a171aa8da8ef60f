import { TsmoltError, displayName } from '@tsmolt/core';
import type { ColumnView, ScriptRow, ScriptTable } from '../rows.js';
import type { TargetNames } from '../target.js';
import type { MadeRowText, MadeShapeText } from './messages.js';

/** Gives the rows that a script made their tables: the target's, with its key. */
export class MadeRows {
  readonly #names: TargetNames;
  readonly #shapes = new Map<number, MadeShapeText>();
  readonly #tables = new WeakMap<ScriptTable, Map<string, ScriptTable>>();

  constructor(names: TargetNames) {
    this.#names = names;
  }

  learn(shapes: readonly MadeShapeText[]): void {
    for (const shape of shapes) this.#shapes.set(shape.id, shape);
  }

  /**
   * A row that a handler returned in the place of another one.
   *
   * @throws TsmoltError `TSM7006` for a table that the target does not have, or a row without its key
   */
  row(text: MadeRowText, from: ScriptRow): ScriptRow {
    const [id, ...values] = text;
    const shape = this.#shapes.get(id);
    if (shape === undefined)
      throw new Error(`the sandbox named a shape ${String(id)} that it never announced`);
    const { table, columns } = shape;
    return this.rowOf({ kind: from.kind, table, columns, values }, from);
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
    const table = this.#tableOf(made.table, made.columns, from);
    const before = from.before && {
      before: from.before,
      beforeColumns: from.beforeColumns ?? from.table.columns,
    };
    return { kind: made.kind, table, values: made.values, ...before };
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
    return {
      name,
      columns,
      key: keyNames.map((column) => columns.indexOf(column)),
      ...(views.some((view) => view !== 'text') ? { views } : {}),
    };
  }
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
