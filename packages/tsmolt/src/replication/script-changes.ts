import type { ChangedTable, ChangeValue, Mutation, TableName } from '@tsmolt/core';
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

/** Where the key's values lie in a row, and in the one that it was made of. */
type KeyPlaces = readonly (readonly [made: number, sent: number])[];

/** Makes changes for the target of rows that came out of a script. */
export class ScriptChanges {
  readonly #tables: ScriptTables;
  readonly #slots = new Map<string, Slot>();
  readonly #slotOf = new WeakMap<ScriptTable, Slot>();
  readonly #wholes = new WeakMap<ScriptTable, Pick<Fit, 'table' | 'take'>>();
  readonly #fits = new WeakMap<ScriptTable, Fit>();

  readonly #keys = new WeakMap<
    ScriptTable,
    { readonly sent: ScriptTable; readonly places: KeyPlaces | undefined }
  >();
  /** Tables of the source of which the script did not delete a row that the source did. */
  readonly #kept = new WeakSet<ChangedTable>();
  readonly #writes: (table: TableName) => boolean;
  readonly #written = new WeakMap<ScriptTable, boolean>();

  /** @param writes whether the script writes the rows of a table itself */
  constructor(tables: ScriptTables, writes: (table: TableName) => boolean) {
    this.#tables = tables;
    this.#writes = writes;
  }

  /**
   * What stands in the place of a change.
   *
   * @param rows what came of it; `sent` itself where the script left it alone
   */
  changes(from: Mutation, rows: readonly ScriptRow[], sent: ScriptRow): readonly ScriptedMutation[] {
    if (from.kind === 'delete' && !rows.some((row) => row.kind === 'delete' && this.#staysIn(row, sent)))
      this.#kept.add(from.table);
    const [only] = rows;
    if (rows.length === 1 && only === sent) return [this.#leftAlone(from, sent)];
    return rows.map((row) => {
      const alone = rows.every((other) => other === row || !isSameName(other.table, row.table));
      const fresh = alone && this.#isFresh(from, row) && this.#staysIn(row, sent);
      return this.#change(row, from.table, fresh);
    });
  }

  /** The very same change, wherever that is what would be made of the row. */
  #leftAlone(from: Mutation, row: ScriptRow): ScriptedMutation {
    const { table, take } = this.#shape(row, from.table);
    const fresh = this.#isFresh(from, row);
    if (table === from.table && take === undefined && fresh === (from.fresh === true)) return from;
    return this.#change(row, from.table, fresh);
  }

  #change(row: ScriptRow, from: ChangedTable, fresh: boolean): ScriptedMutation {
    const { table, take } = this.#shape(row, from);
    const { kind, oldKey, before, values } = row;
    const change = {
      kind,
      ...(fresh ? { fresh } : {}),
      table,
      values: take === undefined ? values : taken(values, take),
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

  /**
   * A row that the source inserted is new on the target as well, unless the script left it there when the source deleted it.
   * Where the script writes by itself it must not get two rows of one key: there, nothing is taken on trust.
   */
  #isFresh(from: Mutation, row: ScriptRow): boolean {
    return (
      from.fresh === true &&
      row.kind === 'upsert' &&
      row.oldKey === undefined &&
      !this.#kept.has(from.table) &&
      !this.#isWritten(row.table)
    );
  }

  /** Whether a row that was made of another one has its table and its key. */
  #staysIn(row: ScriptRow, sent: ScriptRow): boolean {
    if (row === sent) return true;
    const places = this.#keyPlaces(row.table, sent.table);
    return places?.every(([made, came]) => row.values[made] === sent.values[came]) ?? false;
  }

  #keyPlaces(made: ScriptTable, sent: ScriptTable): KeyPlaces | undefined {
    const known = this.#keys.get(made);
    if (known?.sent === sent) return known.places;
    const names = ({ columns, key }: ScriptTable): string[] => key.map((at) => columns[at] ?? '');
    const [left, right] = [names(made), names(sent)];
    const same =
      isSameName(made, sent) && left.length === right.length && left.every((name) => right.includes(name));
    const places = same
      ? left.map((name) => [made.columns.indexOf(name), sent.columns.indexOf(name)] as const)
      : undefined;
    this.#keys.set(made, { sent, places });
    return places;
  }

  #isWritten(table: ScriptTable): boolean {
    let written = this.#written.get(table);
    if (written === undefined) {
      written = this.#writes(table.name);
      this.#written.set(table, written);
    }
    return written;
  }

  #shape(row: ScriptRow, from: ChangedTable): Pick<Fit, 'table' | 'take'> {
    return row.kind === 'upsert' ? this.#whole(row.table, from) : this.#fit(row);
  }

  #whole(table: ScriptTable, from: ChangedTable): Pick<Fit, 'table' | 'take'> {
    let whole = this.#wholes.get(table);
    if (whole === undefined) {
      whole = { table: this.#tables.changed(table) ?? withOmitted(table, from), take: undefined };
      this.#wholes.set(table, whole);
    }
    this.#slot(table).whole = whole.table;
    return whole;
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
    if (kind !== 'delete' || take.length === places.length)
      return { table: this.#tables.changed(table) ?? table, take: undefined };
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

function isSameName({ name: left }: ScriptTable, { name: right }: ScriptTable): boolean {
  return left === right || (left.schema === right.schema && left.table === right.table);
}

/** What the source computes and does not send, the script may have set. */
function withOmitted(table: ScriptTable, { omitted = [] }: ChangedTable): ChangedTable {
  const left = omitted.filter((name) => !table.columns.includes(name));
  return left.length === 0 ? table : { ...table, omitted: left };
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
