import { inflateSync } from 'node:zlib';
import { displayName, EncodedUpdate, EncodedUpsert, TsmoltError } from '@tsmolt/core';
import type { ChangedTable, ChangeValue, EncodedRow, Mutation, RowEncoder } from '@tsmolt/core';
import { eventCodes } from './binlog-codes.js';
import { ByteReader } from './byte-reader.js';
import type { TableShape } from './table-shape.js';

type RowEventKind = 'write' | 'update' | 'delete';

interface RowEventForm {
  readonly kind: RowEventKind;
  /** Version 2 has a field of its own length before the rows. */
  readonly extra: boolean;
  /** MariaDB's log_bin_compress. */
  readonly compressed: boolean;
}

const form = (kind: RowEventKind, extra: boolean, compressed = false): RowEventForm => ({ kind, extra, compressed }); // prettier-ignore

const forms = new Map<number, RowEventForm>([
  [eventCodes.writeRowsV1, form('write', false)],
  [eventCodes.updateRowsV1, form('update', false)],
  [eventCodes.deleteRowsV1, form('delete', false)],
  [eventCodes.writeRows, form('write', true)],
  [eventCodes.updateRows, form('update', true)],
  [eventCodes.deleteRows, form('delete', true)],
  [eventCodes.writeRowsCompressedV1, form('write', false, true)],
  [eventCodes.updateRowsCompressedV1, form('update', false, true)],
  [eventCodes.deleteRowsCompressedV1, form('delete', false, true)],
  [eventCodes.writeRowsCompressed, form('write', true, true)],
  [eventCodes.updateRowsCompressed, form('update', true, true)],
  [eventCodes.deleteRowsCompressed, form('delete', true, true)],
]);

export function isRowEvent(code: number): boolean {
  return forms.has(code);
}

export interface RowListener {
  /** Whole rows that were written are put here: whoever only passes them on needs no values of them. */
  readonly encoder: RowEncoder;
  /** Called with each mutation and about the bytes that it takes. */
  take(mutation: Mutation, bytes: number): void;
}

export interface OpenRowEvent {
  readonly kind: RowEventKind;
  /** What the images have; of an update, those before it and those after it. */
  readonly first: PresentColumns;
  readonly second: PresentColumns;
  /** The images. */
  readonly rows: ByteReader;
}

/**
 * @param reader behind the table's number and the flags
 * @param columns how many the table map has
 */
export function openRowEvent(code: number, reader: ByteReader, columns: number): OpenRowEvent {
  const { kind, extra, compressed } = forms.get(code) ?? form('write', true);
  if (extra) reader.skip(reader.uint16() - 2);
  const width = reader.lengthEncoded();
  if (width !== columns) {
    throw new RangeError(`an image has ${width} columns, and its table map ${columns}`);
  }
  const first = presentColumns(reader, width);
  const second = kind === 'update' ? presentColumns(reader, width) : first;
  const rows = compressed ? new ByteReader(uncompressed(reader.bytes(reader.left))) : reader;
  return { kind, first, second, rows };
}

/**
 * @param reader behind the table's number and the flags
 * @throws TsmoltError `TSM5006` for images that leave out what is needed
 */
export function readRowEvent(code: number, reader: ByteReader, shape: TableShape, to: RowListener): void {
  const { kind, first, second, rows } = openRowEvent(code, reader, shape.columns.length);
  while (rows.left > 0) {
    if (kind === 'write') readInsertion(rows, shape, first, to);
    else if (kind === 'delete') {
      const image = readImage(rows, shape, first);
      to.take(deletion(shape.changed, image), image.bytes);
    } else if (first.all && second.all) readWholeUpdate(rows, shape, to);
    else {
      const before = readImage(rows, shape, first);
      const after = readImage(rows, shape, second);
      to.take(update(shape.changed, before.values, after), before.bytes + after.bytes);
    }
  }
}

function readInsertion(rows: ByteReader, shape: TableShape, present: PresentColumns, to: RowListener): void {
  if (present.all) {
    const row = encodeImage(rows, shape, to.encoder);
    to.take(new EncodedUpsert(shape.changed, row, true), bytesOfEncoded(row));
  } else {
    const image = readImage(rows, shape, present);
    to.take(insertion(shape.changed, image), image.bytes);
  }
}

function readWholeUpdate(rows: ByteReader, shape: TableShape, to: RowListener): void {
  const { changed } = shape;
  const before = encodeImage(rows, shape, to.encoder);
  const after = encodeImage(rows, shape, to.encoder);
  const bytes = bytesOfEncoded(before) + bytesOfEncoded(after);
  if (changed.key.every((place) => after.isSameAt(before, place))) {
    to.take(new EncodedUpdate(changed, after, before), bytes);
    return;
  }
  const image = { values: [...after.values], bytes, complete: true };
  to.take(update(changed, before.values, image), bytes + 2 * bytesOfValue * changed.columns.length);
}

/** The columns that an image has. */
export interface PresentColumns {
  readonly bits: Buffer;
  readonly count: number;
  readonly all: boolean;
}

function presentColumns(reader: ByteReader, width: number): PresentColumns {
  const bits = reader.bytes((width + 7) >> 3);
  let count = 0;
  for (let index = 0; index < width; index++) count += ((bits[index >> 3] ?? 0) >> (index & 7)) & 1;
  return { bits, count, all: count === width };
}

interface RowImage {
  readonly values: ChangeValue[];
  readonly bytes: number;
  /** Every column has a value. */
  readonly complete: boolean;
}

const bytesOfEncoded = (row: EncodedRow): number => bytesOfRow + row.end - row.start;

/** What an array and an object take, and each value beside its characters. */
const bytesOfRow = 100;
const bytesOfValue = 24;

function readImage(reader: ByteReader, shape: TableShape, present: PresentColumns): RowImage {
  return present.all ? readWhole(reader, shape) : readPart(reader, shape, present);
}

/** As `readWhole`, and never makes strings of most values. */
function encodeImage(reader: ByteReader, { columns }: TableShape, encoder: RowEncoder): EncodedRow {
  const nullsAt = reader.offset;
  const { buffer } = reader;
  reader.skip((columns.length + 7) >> 3);
  let nulls = 0;
  for (let index = 0; index < columns.length; index++) {
    if ((index & 7) === 0) nulls = buffer.readUInt8(nullsAt + (index >> 3));
    const column = columns[index];
    if (column === undefined) continue;
    if ((nulls >> (index & 7)) & 1) {
      if (column.place >= 0) encoder.null();
    } else if (column.place >= 0) column.write(reader, encoder);
    else column.read(reader);
  }
  return encoder.row();
}

/** Places follow each other, so that the values need only be put one behind the other. */
function readWhole(reader: ByteReader, { columns }: TableShape): RowImage {
  const nullsAt = reader.offset;
  const { buffer } = reader;
  reader.skip((columns.length + 7) >> 3);
  const values: ChangeValue[] = [];
  let bytes = bytesOfRow + bytesOfValue * columns.length;
  let nulls = 0;
  for (let index = 0; index < columns.length; index++) {
    if ((index & 7) === 0) nulls = buffer.readUInt8(nullsAt + (index >> 3));
    const column = columns[index];
    if (column === undefined) continue;
    const value = (nulls >> (index & 7)) & 1 ? null : column.read(reader);
    if (column.place >= 0) values.push(value);
    if (value !== null) bytes += value.length;
  }
  return { values, bytes, complete: true };
}

function readPart(reader: ByteReader, shape: TableShape, present: PresentColumns): RowImage {
  const { columns } = shape;
  const values: ChangeValue[] = shape.changed.columns.map(() => undefined);
  const nulls = reader.bytes((present.count + 7) >> 3);
  let bytes = bytesOfRow;
  let sent = 0;
  for (let index = 0; index < columns.length; index++) {
    if ((((present.bits[index >> 3] ?? 0) >> (index & 7)) & 1) === 0) continue;
    const column = columns[index];
    if (column === undefined) continue;
    const isNull = (((nulls[sent >> 3] ?? 0) >> (sent & 7)) & 1) === 1;
    sent += 1;
    const value = isNull ? null : column.read(reader);
    if (column.place >= 0) values[column.place] = value;
    bytes += bytesOfValue + (value === null ? 0 : value.length);
  }
  return { values, bytes, complete: !values.includes(undefined) };
}

function insertion(table: ChangedTable, { values, complete }: RowImage): Mutation {
  if (complete) return { kind: 'upsert', fresh: true, table, values };
  const missing = values.indexOf(undefined);
  // The source gave it a default, which may be an expression, and may be another one by now.
  throw imageTooSmall(table, `an inserted row comes without column ${table.columns[missing] ?? ''}`);
}

function deletion(table: ChangedTable, { values }: RowImage): Mutation {
  if (table.key.some((place) => values[place] === undefined)) {
    throw imageTooSmall(table, 'a deleted row comes without its key');
  }
  return { kind: 'delete', table, values };
}

function update(
  table: ChangedTable,
  before: readonly ChangeValue[],
  { values, complete }: RowImage,
): Mutation {
  let moved = false;
  for (const place of table.key) {
    const old = before[place];
    if (values[place] === undefined) values[place] = old;
    if (values[place] === undefined || old === undefined) {
      throw imageTooSmall(table, 'an updated row comes without its key');
    }
    if (values[place] !== old) moved = true;
  }
  const kind = complete ? 'upsert' : 'update';
  return moved
    ? { kind, table, values, before, oldKey: table.key.map((place) => before[place]) }
    : { kind, table, values, before };
}

function imageTooSmall(table: ChangedTable, what: string): TsmoltError {
  return new TsmoltError('TSM5006', {
    message: `${displayName(table.name)}: ${what}`,
    advice:
      'Set binlog_row_image=FULL on the source, in its configuration and for sessions that set it themselves, then run ' +
      'the data load again.',
  });
}

/** Source: `binlog_buf_uncompress` in MariaDB's `log_event.cc`: a byte, the length in as many bytes as it says, the data. */
export function uncompressed(data: Buffer): Buffer {
  const header = data.readUInt8(0);
  if ((header & 0xf0) !== 0x80)
    throw new RangeError(`an event is compressed by the unknown method ${header}`);
  return inflateSync(data.subarray(1 + (header & 7)));
}
