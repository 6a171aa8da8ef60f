import { isUtf8 } from 'node:buffer';
import { TsmoltError } from '../errors.js';
import type { ChangeValue } from './change-value.js';

/** First bytes of a value: NULL, not sent, or text, whose length in bytes (32 bits, big-endian) and UTF-8 bytes follow. */
export const encodedKind = { null: 0x6e, unsent: 0x75, text: 0x74 } as const;

/** Kind and length before the bytes of a text. */
export const textHeaderBytes = 5;

/**
 * The values of a row as bytes, one behind the other: who only passes them on never makes values of them, and that is most of
 * what the way of a row costs.
 *
 * Source of the form: PostgreSQL manual, "Logical Replication Message Formats", TupleData without its number of columns. Other
 * engines' readers write the same.
 */
export class EncodedRow {
  /** Never written again. */
  readonly bytes: Buffer;
  /** Where the first value begins, and where the last one ends. */
  readonly start: number;
  readonly end: number;
  /** Whether every column was sent. */
  readonly whole: boolean;
  #values: readonly ChangeValue[] | undefined;

  constructor(bytes: Buffer, { start, end, whole }: EncodedExtent) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.whole = whole;
  }

  /** Decoded when they are first asked for. @throws TsmoltError `TSM5006` for what is no text */
  get values(): readonly ChangeValue[] {
    this.#values ??= this.#decode();
    return this.#values;
  }

  /** One value, without the others. @param column from 0 @throws TsmoltError `TSM5006` for what is no text */
  valueAt(column: number): ChangeValue {
    if (this.#values !== undefined) return this.#values[column];
    return decodeValue(this.bytes, this.#startOf(column), column);
  }

  /** Whether the column was sent, and is not NULL. @param column from 0 */
  hasText(column: number): boolean {
    return this.bytes[this.#startOf(column)] === encodedKind.text;
  }

  /** Whether the value of a column is the same, byte for byte. @param column from 0 */
  isSameAt(other: EncodedRow, column: number): boolean {
    const [start, otherStart] = [this.#startOf(column), other.#startOf(column)];
    const length = endOfValue(this.bytes, start) - start;
    if (endOfValue(other.bytes, otherStart) - otherStart !== length) return false;
    for (let index = 0; index < length; index++) {
      if (this.bytes[start + index] !== other.bytes[otherStart + index]) return false;
    }
    return true;
  }

  #startOf(column: number): number {
    let at = this.start;
    for (let index = 0; index < column; index++) at = endOfValue(this.bytes, at);
    return at;
  }

  #decode(): ChangeValue[] {
    const values: ChangeValue[] = [];
    for (let at = this.start; at < this.end; at = endOfValue(this.bytes, at)) {
      values.push(decodeValue(this.bytes, at, values.length));
    }
    return values;
  }
}

export interface EncodedExtent {
  readonly start: number;
  readonly end: number;
  readonly whole: boolean;
}

/** Where the value that begins there ends. */
export function endOfValue(bytes: Buffer, at: number): number {
  return bytes[at] === encodedKind.text ? at + textHeaderBytes + bytes.readInt32BE(at + 1) : at + 1;
}

/** What stands for bytes that are no text, and may also have been sent as it is. */
const replacement = '\uFFFD';

function decodeValue(bytes: Buffer, at: number, column: number): ChangeValue {
  const kind = bytes[at];
  if (kind !== encodedKind.text) return kind === encodedKind.null ? null : undefined;
  const [start, end] = [at + textHeaderBytes, endOfValue(bytes, at)];
  const text = bytes.toString('utf8', start, end);
  if (text.includes(replacement) && !isUtf8(bytes.subarray(start, end))) throw new NotUtf8(column);
  return text;
}

export const notUtf8Advice =
  'Write the value as UTF-8 on the source (a database in SQL_ASCII takes any bytes), or leave the table out, and run the same command again.';

/** `TSM5006`: something has to be done with a value that is no text: a userscript, a comparison of keys, a change that waits. */
export class NotUtf8 extends TsmoltError {
  readonly column: number;

  constructor(column: number) {
    super('TSM5006', { message: `value ${column + 1} of a row is not UTF-8`, advice: notUtf8Advice });
    this.column = column;
  }
}

/** What a batch is made of: values, or the bytes of values. */
export type BatchRow = readonly ChangeValue[] | EncodedRow;

export function valuesOf(row: BatchRow): readonly ChangeValue[] {
  return row instanceof EncodedRow ? row.values : row;
}
