import { buffer } from 'node:stream/consumers';
import type { ChangeEvent, ChangeSource, Mutation, SnapshotSource, Table } from '@tsmolt/core';

/** A mutation as a test states it: values by the names of their columns, without those that were not sent. */
export interface ShownMutation {
  readonly kind: Mutation['kind'];
  readonly table: string;
  readonly row: ShownRow;
  readonly oldKey?: readonly (string | null | undefined)[];
}

export type ShownRow = Readonly<Record<string, string | null>>;

export interface ReadTransaction {
  readonly changes: readonly ChangeEvent[];
  readonly position: string;
  readonly committedAt: number;
}

/** Reads until the event for which `isLast` holds, and ends the stream. */
export async function readUntil(
  source: ChangeSource,
  from: string | undefined,
  isLast: (event: ChangeEvent) => boolean,
): Promise<ChangeEvent[]> {
  const events: ChangeEvent[] = [];
  for await (const chunk of source.changes(from, new AbortController().signal)) {
    for (const event of chunk.events) {
      events.push(event);
      if (isLast(event)) return events;
    }
  }
  throw new Error(`the stream ended by itself after ${events.length} events`);
}

/** Reads what was committed before this call. */
export async function readToEnd(source: ChangeSource, from: string | undefined): Promise<ChangeEvent[]> {
  return readUntil(source, from, hasReached(source, await source.currentPosition()));
}

/** Whether an event says that the stream has come as far as the position. */
export function hasReached(source: ChangeSource, position: string): (event: ChangeEvent) => boolean {
  return (event) => {
    if (event.kind !== 'commit' && event.kind !== 'heartbeat') return false;
    const order = source.compare(event.position, position);
    return order === 0 || order === 1;
  };
}

/** The transactions with something in them. @throws when an event lies where none may be */
export function transactionsOf(events: readonly ChangeEvent[]): ReadTransaction[] {
  const transactions: ReadTransaction[] = [];
  let changes: ChangeEvent[] = [];
  for (const event of events) {
    if (event.kind === 'heartbeat') {
      if (changes.length > 0) throw new Error('a heartbeat inside a transaction');
    } else if (event.kind === 'commit') {
      if (changes.length > 0) transactions.push({ ...event, changes });
      changes = [];
    } else {
      changes.push(event);
    }
  }
  return transactions;
}

export function isMutation(event: ChangeEvent): event is Mutation {
  return event.kind === 'upsert' || event.kind === 'update' || event.kind === 'delete';
}

export function mutationsOf(events: readonly ChangeEvent[]): ShownMutation[] {
  return events.filter(isMutation).map(shown);
}

function shown({ kind, table, values, oldKey }: Mutation): ShownMutation {
  const { name, columns } = table;
  if (values.length !== columns.length) {
    throw new Error(`${values.length} values for ${columns.length} columns of ${name.table}`);
  }
  const row = Object.fromEntries(
    columns.flatMap((column, index) => {
      const value = values[index];
      return value === undefined ? [] : [[column, value]];
    }),
  );
  return { kind, table: name.table, row, ...(oldKey === undefined ? {} : { oldKey }) };
}

/**
 * A replica without any tolerance: what it is told to change has to be there, and what it is told to make must follow from
 * what went before. Rows by table and key.
 */
export class StrictReplica {
  readonly #tables = new Map<string, Map<string, ShownRow>>();

  apply(events: readonly ChangeEvent[]): void {
    for (const event of events) {
      if (isMutation(event)) this.#applyOne(event);
      else if (event.kind === 'truncate') for (const { table } of event.tables) this.#rowsOf(table).clear();
    }
  }

  /** The rows of a table, each as sorted text. */
  rows(table: string): string[] {
    return [...this.#rowsOf(table).values()].map(rowText).toSorted();
  }

  #applyOne(mutation: Mutation): void {
    const { row, table } = shown(mutation);
    const rows = this.#rowsOf(table);
    const key = JSON.stringify(mutation.table.key.map((index) => mutation.values[index] ?? null));
    const oldKey = mutation.oldKey === undefined ? key : JSON.stringify(mutation.oldKey);
    const before = rows.get(oldKey);
    if (before === undefined && (mutation.kind !== 'upsert' || mutation.oldKey !== undefined)) {
      throw new Error(`${mutation.kind} of ${table} ${oldKey}, which is not there`);
    }
    rows.delete(oldKey);
    if (mutation.kind === 'upsert') rows.set(key, row);
    if (mutation.kind === 'update') rows.set(key, { ...before, ...row });
  }

  #rowsOf(table: string): Map<string, ShownRow> {
    const rows = this.#tables.get(table) ?? new Map<string, ShownRow>();
    this.#tables.set(table, rows);
    return rows;
  }
}

function rowText(row: ShownRow): string {
  return JSON.stringify(Object.entries(row).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** The rows of a table as the adapter exports them, in the form of `StrictReplica.rows`. */
export async function exportedRows(snapshot: SnapshotSource, table: Table): Promise<string[]> {
  const columns = table.columns.filter(({ generated }) => !generated).map(({ name }) => name);
  const { stream } = await snapshot.export({
    table,
    columns,
    range: { condition: 'true' },
    format: 'csv',
    signal: new AbortController().signal,
  });
  const records = csvRecords(String(await buffer(stream)));
  return records
    .map((fields) => rowText(Object.fromEntries(columns.map((name, index) => [name, fields[index] ?? null]))))
    .toSorted();
}

/** CSV as servers write it for COPY: NULL is nothing at all, the empty string is in quotes. */
function csvRecords(text: string): (string | null)[][] {
  const records: (string | null)[][] = [];
  let fields: (string | null)[] = [];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\n]*))(,|\n)/g)) {
    fields.push(quoted?.replaceAll('""', '"') ?? (plain === '' || plain === undefined ? null : plain));
    if (end === ',') continue;
    records.push(fields);
    fields = [];
  }
  return records;
}
