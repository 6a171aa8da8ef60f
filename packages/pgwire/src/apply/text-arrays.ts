import { encodedKind, EncodedRow, textHeaderBytes } from '@tsmolt/core';
import type { BatchRow } from '@tsmolt/core';

/** `pg_type.oid` of text: the type of the elements. */
const textOid = 25;
const headerBytes = 20;
const firstCapacity = 64 * 1024;
/** A buffer that one large statement needed is not kept for all that follow. */
const keptCapacity = 8 * 1024 * 1024;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const mostBytesOfUnit = 3;
/** Up to this length a loop is faster than the call that encodes any text. */
const shortText = 48;

/**
 * Writes columns of rows as values of type `text[]` in PostgreSQL's binary format, which needs no quoting: the server takes
 * each value as it is. Source: PostgreSQL, `array_recv` in `src/backend/utils/adt/arrayfuncs.c`.
 *
 * What a call returns lies in memory that the next call overwrites: send it first.
 */
export class TextArrayWriter {
  #bytes = Buffer.allocUnsafe(firstCapacity);
  #end = 0;
  /** Where the next column of each row begins, of those that are bytes. */
  #next = new Int32Array(0);

  /** One array for each column, in the order of the values in a row. @throws where a value is undefined */
  write(rows: readonly BatchRow[], columns: number): Buffer[] {
    if (this.#bytes.length > keptCapacity) this.#bytes = Buffer.allocUnsafe(firstCapacity);
    this.#end = 0;
    if (this.#next.length < rows.length) this.#next = new Int32Array(rows.length);
    for (const [index, row] of rows.entries()) this.#next[index] = row instanceof EncodedRow ? row.start : 0;
    const starts: number[] = [];
    for (let column = 0; column < columns; column++) {
      starts.push(this.#end);
      this.#writeColumn(rows, column);
    }
    return starts.map((start, index) => this.#bytes.subarray(start, starts[index + 1] ?? this.#end));
  }

  #writeColumn(rows: readonly BatchRow[], column: number): void {
    const start = this.#end;
    this.#reserve(headerBytes);
    this.#end += headerBytes;
    let hasNull = 0;
    for (const [index, row] of rows.entries()) {
      const value = row instanceof EncodedRow ? this.#writeNext(row, index) : row[column];
      if (typeof value === 'string') this.#writeText(value);
      else if (value === null) {
        hasNull = 1;
        this.#writeLength(-1);
      } else if (value === undefined)
        throw new Error(`a row of a batch has no value for column ${column + 1}`);
    }
    // Dimensions, whether there are NULLs, type; then the one dimension's length and lower bound.
    [1, hasNull, textOid, rows.length, 1].forEach((number, index) => {
      this.#bytes.writeInt32BE(number, start + index * 4);
    });
  }

  /** Length and bytes stand there as they stand here. @returns true where it is written, else what there is instead of a text */
  #writeNext({ bytes }: EncodedRow, index: number): true | null | undefined {
    const from = this.#next[index] ?? 0;
    if (bytes[from] !== encodedKind.text) {
      this.#next[index] = from + 1;
      return bytes[from] === encodedKind.null ? null : undefined;
    }
    const length = bytes.readInt32BE(from + 1);
    const first = from + textHeaderBytes;
    this.#next[index] = first + length;
    this.#writeLength(length);
    this.#reserve(length);
    const [into, at] = [this.#bytes, this.#end];
    if (length > shortText) bytes.copy(into, at, first, first + length);
    else for (let byte = 0; byte < length; byte++) into[at + byte] = bytes[first + byte] ?? 0;
    this.#end += length;
    return true;
  }

  #writeLength(length: number): void {
    this.#reserve(4);
    this.#bytes.writeInt32BE(length, this.#end);
    this.#end += 4;
  }

  #writeText(text: string): void {
    this.#reserve(4 + text.length * mostBytesOfUnit);
    const start = this.#end + 4;
    const written = text.length <= shortText ? this.#writeAscii(text, start) : -1;
    const length = written < 0 ? this.#bytes.write(text, start) : written;
    this.#bytes.writeInt32BE(length, this.#end);
    this.#end = start + length;
  }

  /** @returns -1 where the text has other characters */
  #writeAscii(text: string, start: number): number {
    const bytes = this.#bytes;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) return -1;
      bytes[start + index] = code;
    }
    return text.length;
  }

  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + length));
    this.#bytes.copy(larger, 0, 0, this.#end);
    this.#bytes = larger;
  }
}

/** CockroachDB refuses messages of 16 MiB (`sql.conn.max_read_buffer_message_size`): this many units have at most 12. */
const mostUnits = 4 * 1024 * 1024;
/** CockroachDB's manual advises against large statements; PostgreSQL gains nothing beyond. */
const mostRows = 10_000;

/** Deals rows out to statements that servers take. A row that is larger than a statement should be has one of its own. */
export function* statementsOf<Row extends BatchRow>(rows: readonly Row[]): Generator<readonly Row[]> {
  let first = 0;
  let units = 0;
  for (const [index, row] of rows.entries()) {
    const added = unitsOf(row);
    if (index > first && (units + added > mostUnits || index - first >= mostRows)) {
      yield rows.slice(first, index);
      first = index;
      units = 0;
    }
    units += added;
  }
  if (first < rows.length) yield first === 0 ? rows : rows.slice(first);
}

function unitsOf(row: BatchRow): number {
  if (row instanceof EncodedRow) return row.end - row.start;
  let units = 0;
  for (const value of row) units += 4 + (value?.length ?? 0);
  return units;
}
