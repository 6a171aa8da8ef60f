import { displayName, EncodedRow, EncodedUpsert, TsmoltError, valuesIn } from '@tsmolt/core';
import type { BatchRow, ChangeEvent, ChangeValue, Mutation, TableName } from '@tsmolt/core';
import { quoteTable } from '@tsmolt/pgwire';
import { printPosition } from './log-position.js';
import { MessageCursor } from './message-cursor.js';
import { readRelation } from './published-relation.js';
import { withoutIdentity } from './streamed-tables.js';
import type { StreamedTable, StreamedTables } from './streamed-tables.js';

/** Kinds of messages and of tuples, by their first byte. */
const kind = {
  begin: 0x42, commit: 0x43, delete: 0x44, insert: 0x49, message: 0x4d, origin: 0x4f, relation: 0x52, truncate: 0x54,
  update: 0x55, type: 0x59,
  newTuple: 0x4e, oldTuple: 0x4f, keyTuple: 0x4b,
} as const; // prettier-ignore

/** About what an event holds beside its text, and a value beside its bytes. */
const eventOverhead = 120;
const valueOverhead = 24;

export interface DecoderOptions {
  /** They are taken back to `from`. */
  readonly tables: StreamedTables;
  /** Transactions that were committed before it are left out: the server may send again what was not acknowledged. */
  readonly from: bigint;
  readonly emit: (event: ChangeEvent, bytes: number) => void;
}

/**
 * Turns messages of the output plugin pgoutput about transactions that have been committed into events. Values stay the
 * text that the server sent.
 *
 * Protocol version 1. What version 2 adds, transactions that have not ended, is kept back until they are committed
 * (`StreamedTransactions`), and then comes here as it would have come in version 1.
 *
 * Source: PostgreSQL manual, "Logical Replication Message Formats".
 */
export class PgoutputDecoder {
  readonly #tables: StreamedTables;
  readonly #from: bigint;
  readonly #emit: DecoderOptions['emit'];
  readonly #cursor = new MessageCursor();
  #reached: bigint;
  #inTransaction = false;
  #skipping = false;
  /** Of the transaction that is being read. */
  #commitAt = 0n;

  constructor({ tables, from, emit }: DecoderOptions) {
    this.#tables = tables;
    tables.rewind(from);
    this.#from = from;
    this.#reached = from;
    this.#emit = emit;
  }

  /** The end of what has been given out: of the last transaction, or what a heartbeat said. */
  get reached(): bigint {
    return this.#reached;
  }

  /**
   * @param start where the message begins in the bytes, which are never written again
   * @throws TsmoltError `TSM5003` for a change of a row that nothing identifies, `TSM5006` for what version 1 does not have
   */
  decode(message: Buffer, start: number, end: number): void {
    const cursor = this.#cursor;
    cursor.reset(message, start, end);
    switch (cursor.byte()) {
      case kind.insert:
        return this.#insert(end - start);
      case kind.update:
        return this.#update(end - start);
      case kind.delete:
        return this.#delete(end - start);
      case kind.begin:
        return this.#begin();
      case kind.commit:
        return this.#commit();
      case kind.relation:
        return this.#relation(end - start);
      case kind.truncate:
        return this.#truncate();
      case kind.type:
        return this.#tables.nameType(cursor.uint32(), [cursor.name(), cursor.name()].join('.'));
      case kind.origin:
      case kind.message:
        return;
      default:
        throw unknownMessage(message[start] ?? 0);
    }
  }

  /** A keepalive: what the server has read of its log. Inside a transaction it says nothing about what may be taken up. */
  heartbeat(position: bigint, at: number): void {
    // While a server reads its log again from the slot's restart_lsn, it says so: that is not to take anybody back.
    if (this.#inTransaction || position < this.#reached) return;
    this.#reached = position;
    this.#emit({ kind: 'heartbeat', position: printPosition(position), at }, eventOverhead);
  }

  #begin(): void {
    // The start of the commit record: the same comparison that the server makes.
    this.#commitAt = this.#cursor.position();
    this.#skipping = this.#commitAt < this.#from;
    this.#inTransaction = true;
  }

  #commit(): void {
    const cursor = this.#cursor;
    cursor.byte();
    cursor.position();
    const end = cursor.position();
    this.#inTransaction = false;
    if (this.#skipping) return;
    this.#tables.commit(end);
    this.#reached = end;
    this.#emit({ kind: 'commit', position: printPosition(end), committedAt: cursor.time() }, eventOverhead);
  }

  #relation(bytes: number): void {
    const event = this.#tables.announce(readRelation(this.#cursor), this.#commitAt);
    if (event !== undefined && !this.#skipping) this.#emit(event, eventOverhead + bytes);
  }

  #truncate(): void {
    const cursor = this.#cursor;
    const count = cursor.uint32();
    const options = cursor.byte();
    const tables = Array.from({ length: count }, () => this.#tables.nameOf(cursor.uint32())).filter(
      (name): name is TableName => name !== undefined,
    );
    if (tables.length === 0 || this.#skipping) return;
    const restart = (options & 2) === 0 ? '' : ' RESTART IDENTITY';
    const cascade = (options & 1) === 0 ? '' : ' CASCADE';
    const statement = `TRUNCATE TABLE ${tables.map(quoteTable).join(', ')}${restart}${cascade}`;
    this.#emit({ kind: 'truncate', tables, statement }, eventOverhead + statement.length);
  }

  /** The table of a change, where it is wanted. */
  #table(): StreamedTable | undefined {
    const oid = this.#cursor.uint32();
    if (this.#skipping) return undefined;
    const table = this.#tables.get(oid);
    if (table !== undefined) return table;
    const event = this.#tables.passOver(oid);
    if (event !== undefined) this.#emit(event, eventOverhead);
    return undefined;
  }

  #insert(bytes: number): void {
    const table = this.#table();
    if (table === undefined) return;
    this.#cursor.byte();
    const row = this.#row(table);
    refuseWithoutKey(table, row);
    this.#emit(new EncodedUpsert(table.changed, row, true), eventOverhead + bytes);
  }

  #update(bytes: number): void {
    const table = this.#table();
    if (table === undefined) return;
    const tuple = this.#cursor.byte();
    if (tuple === kind.newTuple) this.#updateInPlace(table, bytes);
    else this.#updateFrom(table, tuple === kind.oldTuple, bytes);
  }

  /** The key is what it was, and the server did not have to send any of the old row. */
  #updateInPlace(table: StreamedTable, bytes: number): void {
    const row = this.#row(table);
    refuseWithoutKey(table, row);
    if (row.whole) this.#emit(new EncodedUpsert(table.changed, row, false), eventOverhead + bytes);
    else this.#send({ kind: 'update', table: table.changed, values: row.values }, bytes);
  }

  /** @param whole whether all of the old row was sent, not only its key */
  #updateFrom(table: StreamedTable, whole: boolean, bytes: number): void {
    const sent = this.#tuple(table);
    const old = whole ? sent : keyOnly(table, sent);
    this.#cursor.byte();
    const values = this.#tuple(table);
    fillUnchanged(values, old);
    refuseWithoutKey(table, values);
    const oldKey = changedKey(table, old, values);
    this.#send(
      {
        kind: values.includes(undefined) ? 'update' : 'upsert',
        table: table.changed,
        values,
        ...(oldKey === undefined ? {} : { oldKey }),
        ...(whole ? { before: old } : {}),
      },
      bytes,
    );
  }

  #delete(bytes: number): void {
    const table = this.#table();
    if (table === undefined) return;
    const whole = this.#cursor.byte() === kind.oldTuple;
    const row = this.#tuple(table);
    const values = whole ? row : keyOnly(table, row);
    refuseWithoutKey(table, values);
    this.#send({ kind: 'delete', table: table.changed, values, ...(whole ? { before: row } : {}) }, bytes);
  }

  #send(mutation: Mutation, bytes: number): void {
    this.#emit(mutation, eventOverhead + bytes + valueOverhead * mutation.values.length);
  }

  /** TupleData, as values. */
  #tuple(table: StreamedTable): ChangeValue[] {
    return [...valuesIn(table.changed, this.#row(table))];
  }

  /** TupleData, as it is. */
  #row({ changed: { name, columns } }: StreamedTable): EncodedRow {
    const count = this.#cursor.uint16();
    if (count !== columns.length) throw otherShape(name, count, columns.length);
    const row = this.#cursor.row(count);
    if (row !== undefined) return row;
    throw new TsmoltError('TSM5006', {
      message: `${displayName(name)}: the server sent a value in a form that was not asked for`,
      advice: 'Please report this with the version of the server.',
    });
  }
}

/** The old row as far as a key tuple has it: NULL stands there for every column that is not in the replica identity. */
function keyOnly({ changed }: StreamedTable, tuple: readonly ChangeValue[]): ChangeValue[] {
  const values: ChangeValue[] = tuple.map(() => undefined);
  for (const position of changed.key) values[position] = tuple[position];
  return values;
}

/** What an update left unchanged and out of line (TOAST) is not in the new row; the old one has it, where it came. */
function fillUnchanged(values: ChangeValue[], old: readonly ChangeValue[]): void {
  for (let index = 0; index < values.length; index++) {
    if (values[index] === undefined) values[index] = old[index];
  }
}

function changedKey(
  { changed }: StreamedTable,
  old: readonly ChangeValue[],
  values: readonly ChangeValue[],
): ChangeValue[] | undefined {
  if (changed.key.every((position) => old[position] === values[position])) return undefined;
  const oldKey = changed.key.map((position) => old[position]);
  if (oldKey.some((value) => value === null || value === undefined)) throw incompleteKey(changed.name);
  return oldKey;
}

function refuseWithoutKey({ changed: { name, key } }: StreamedTable, row: BatchRow): void {
  if (key.length === 0)
    throw withoutIdentity([name], 'its key was dropped, and its changes do not say which row they mean');
  const has =
    row instanceof EncodedRow
      ? (position: number): boolean => row.hasText(position)
      : (position: number): boolean => typeof row[position] === 'string';
  if (!key.every(has)) throw incompleteKey(name);
}

function incompleteKey(table: TableName): TsmoltError {
  return withoutIdentity([table], 'a change came without all columns of its key (do its partitions have other replica identities?)'); // prettier-ignore
}

function otherShape(table: TableName, count: number, width: number): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `${displayName(table)}: a row of ${count} columns came where ${width} were announced`,
    advice: 'Please report this with the version of the server.',
  });
}

function unknownMessage(first: number): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `the server sent a message of the unknown kind "${String.fromCodePoint(first)}"`,
    advice: 'Check that the slot was created with the plugin pgoutput and without two_phase.',
  });
}
