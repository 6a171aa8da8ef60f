import type { ScriptRow, ScriptTable, ScriptValue } from './rows.js';
import { tableKey } from './target.js';

/*
 * A row that got another key. A script sees the old key leave (`onRowDelete`) and the row come (`onRowUpsert`), because
 * it may send the two to different tables. Where it does not, they are put together again: an update of the key keeps
 * the columns that the source did not send.
 */

/** The old key, as the row to delete. */
export function oldKeyRow({ table }: ScriptRow, oldKey: readonly ScriptValue[]): ScriptRow {
  const values: ScriptValue[] = table.columns.map(() => undefined);
  table.key.forEach((place, index) => {
    values[place] = oldKey[index];
  });
  return { kind: 'delete', table, values };
}

/** @param outcomes of the old key and of the row */
export function mergeRekey(
  row: ScriptRow,
  [left = [], came = []]: readonly (readonly ScriptRow[])[],
): readonly ScriptRow[] {
  const [gone, ...otherGone] = left;
  const [arrived, ...otherArrived] = came;
  const single = otherGone.length + otherArrived.length === 0;
  if (gone === undefined || arrived === undefined || !single) return [...left, ...came.map(withoutOldKey)];
  if (tableKey(gone.table.name) !== tableKey(arrived.table.name)) return [gone, withoutOldKey(arrived)];
  if (arrived === row && gone.table === row.table) return [row];
  const oldKey = keyNames(arrived.table).map((name) => gone.values[gone.table.columns.indexOf(name)]);
  return [{ ...arrived, oldKey }];
}

function withoutOldKey(row: ScriptRow): ScriptRow {
  if (row.oldKey === undefined) return row;
  const { oldKey: _, ...rest } = row;
  return rest;
}

function keyNames({ key, columns }: ScriptTable): string[] {
  return key.map((index) => columns[index] as string);
}
