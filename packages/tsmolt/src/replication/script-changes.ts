import type { ChangedTable, ChangeValue } from '@tsmolt/core';
import type { ScriptedMutation } from '@tsmolt/replicator';
import type { ScriptRow, ScriptTable } from '@tsmolt/userscript';
import type { ScriptTables } from './script-tables.js';

/** The shape in which rows of a table were written whole last. */
interface Slot {
  whole: ChangedTable | undefined;
}

/** How rows of one shape are written in another one. */
interface Fit {
  readonly whole: ChangedTable | undefined;
  readonly table: ChangedTable;
  /** For each column of `table` its place in the row, -1 for none; undefined where the row stays as it is. */
  readonly take: readonly number[] | undefined;
}

/** Makes changes for the target of rows that came out of a script. */
export class ScriptChanges {
  readonly #tables: ScriptTables;
  readonly #slots = new Map<string, Slot>();
  readonly #slotOf = new WeakMap<ScriptTable, Slot>();
  readonly #wholes = new WeakMap<ScriptTable, ChangedTable>();
  readonly #fits = new WeakMap<ScriptTable, Fit>();

  constructor(tables: ScriptTables) {
    this.#tables = tables;
  }

  /** @param from the shape in which the change came that the row was made of */
  change(row: ScriptRow, from: ChangedTable): ScriptedMutation {
    const { table, take } = row.kind === 'upsert' ? this.#whole(row.table, from) : this.#fit(row);
    const { kind, oldKey, before } = row;
    const change = {
      kind,
      table,
      values: take === undefined ? row.values : taken(row.values, take),
      ...(oldKey === undefined ? {} : { oldKey }),
    };
    if (before === undefined) return change;
    const columns = row.beforeColumns ?? row.table.columns;
    return {
      ...change,
      before: table.columns.map((name) => before[columns.indexOf(name)]),
      sourceBefore: { columns, values: before },
    };
  }

  #whole(table: ScriptTable, { omitted = [] }: ChangedTable): Pick<Fit, 'table' | 'take'> {
    let whole = this.#wholes.get(table);
    if (whole === undefined) {
      // What the source computes and does not send, the script may have set.
      const left = omitted.filter((name) => !table.columns.includes(name));
      whole = left.length === 0 ? table : { ...table, omitted: left };
      this.#wholes.set(table, whole);
    }
    this.#slot(table).whole = whole;
    return { table: whole, take: undefined };
  }

  /** In the shape of the whole rows where that is possible: rows of one shape are written together. */
  #fit({ table, kind }: ScriptRow): Fit {
    const { whole } = this.#slot(table);
    const known = this.#fits.get(table);
    if (known !== undefined && known.whole === whole) return known;
    const fit = { whole, ...(fitInto(table, whole, kind) ?? this.#withoutUnknown(table, kind)) };
    this.#fits.set(table, fit);
    return fit;
  }

  /** A delete needs no more than the key: a column that only the source has must not stand in its way. */
  #withoutUnknown(table: ScriptTable, kind: ScriptRow['kind']): Pick<Fit, 'table' | 'take'> {
    const places = [...table.columns.keys()];
    const take = places.filter(
      (at) => table.key.includes(at) || this.#tables.mayHold(table, table.columns[at] ?? ''),
    );
    if (kind !== 'delete' || take.length === places.length) return { table, take: undefined };
    const columns = take.map((at) => table.columns[at] ?? '');
    return { table: { name: table.name, columns, key: table.key.map((at) => take.indexOf(at)) }, take };
  }

  #slot(table: ScriptTable): Slot {
    let slot = this.#slotOf.get(table);
    if (slot === undefined) {
      const name = JSON.stringify([table.name.schema, table.name.table]);
      slot = this.#slots.get(name) ?? { whole: undefined };
      this.#slots.set(name, slot);
      this.#slotOf.set(table, slot);
    }
    return slot;
  }
}

function fitInto(
  table: ScriptTable,
  whole: ChangedTable | undefined,
  kind: ScriptRow['kind'],
): Pick<Fit, 'table' | 'take'> | undefined {
  if (whole === undefined) return undefined;
  if (whole.columns === table.columns) return { table: whole, take: undefined };
  const keyOf = ({ columns, key }: ScriptTable): string => JSON.stringify(key.map((at) => columns[at]));
  const needed = kind === 'delete' ? table.key.map((at) => table.columns[at] ?? '') : table.columns;
  if (keyOf(whole) !== keyOf(table) || !needed.every((name) => whole.columns.includes(name)))
    return undefined;
  return { table: whole, take: whole.columns.map((name) => table.columns.indexOf(name)) };
}

function taken(values: readonly ChangeValue[], take: readonly number[]): ChangeValue[] {
  return take.map((at) => (at === -1 ? undefined : values[at]));
}
