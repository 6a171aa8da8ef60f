import type { ChangeValue, RowBatch } from '@tsmolt/core';
import type { TableChanges } from './collapse.js';
import type { Route, RoutedMutation } from '../route/target-tables.js';

/** The statements that make the changes of one table, by what they do. */
export interface TableBatches {
  readonly upserts: readonly RowBatch[];
  readonly updates: readonly RowBatch[];
  readonly deletes: readonly RowBatch[];
}

/** @param trusting whether rows that the source inserted are taken for new on the target, too */
export function batchesOf({ changes }: TableChanges, trusting: boolean): TableBatches {
  const [first] = changes;
  if (first !== undefined && trusting && changes.every((change) => isInsertInto(first.route, change))) {
    return { upserts: [{ ...upsertOf(first.route, changes), fresh: true }], updates: [], deletes: [] };
  }
  return sorted(changes, trusting);
}

function isInsertInto(known: Route, { route, kind, fresh }: RoutedMutation): boolean {
  return fresh === true && kind === 'upsert' && route === known;
}

function sorted(changes: readonly RoutedMutation[], trusting: boolean): TableBatches {
  const inserts = new Map<Route, RoutedMutation[]>();
  const upserts = new Map<Route, RoutedMutation[]>();
  const updates = new Map<string, RoutedMutation[]>();
  const deletes = new Map<Route, RoutedMutation[]>();
  for (const change of changes) {
    if (change.kind === 'upsert') put(trusting && change.fresh ? inserts : upserts, change.route, change);
    else if (change.kind === 'delete') put(deletes, change.route, change);
    else put(updates, sentColumns(change), change);
  }
  return {
    upserts: [
      ...[...inserts].map(([route, rows]) => ({ ...upsertOf(route, rows), fresh: true })),
      ...[...upserts].map(([route, rows]) => upsertOf(route, rows)),
    ],
    updates: [...updates.values()].map(updateOf),
    deletes: [...deletes].map(([route, rows]) => deletionOf(route, rows)),
  };
}

function put<Key>(groups: Map<Key, RoutedMutation[]>, key: Key, change: RoutedMutation): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [change]);
  else group.push(change);
}

function upsertOf({ table, columns, key }: Route, rows: readonly RoutedMutation[]): RowBatch {
  return { table, columns, key, rows: rows.map((row) => row.encoded ?? row.values) };
}

/** A mark for each column: sent or not. Rows with the same marks go into one statement. */
function sentColumns({ values }: RoutedMutation): string {
  return values.map((value) => (value === undefined ? '-' : '+')).join('');
}

/** Exactly the columns that were sent: what was not sent must not be touched. */
function updateOf(rows: readonly RoutedMutation[]): RowBatch {
  const [first] = rows;
  if (first === undefined) throw new Error('an update without rows');
  const { table, columns, key } = first.route;
  const sent = columns.flatMap((_, at) => (first.values[at] === undefined ? [] : [at]));
  return {
    table,
    columns: sent.map((at) => columns[at] ?? ''),
    key,
    rows: rows.map(({ values }) => sent.map((at) => values[at])),
  };
}

function deletionOf({ table, key, keyAt }: Route, rows: readonly RoutedMutation[]): RowBatch {
  const keyOf = ({ values }: RoutedMutation): ChangeValue[] => keyAt.map((at) => values[at]);
  return { table, columns: key, key, rows: rows.map(keyOf) };
}

/** One row that gets another key. */
export function rekeyOf(change: RoutedMutation): RowBatch {
  return updateOf([change]);
}
