import { encodedKind, EncodedRow, endOfValue, RowEncoder, textHeaderBytes } from '@tsmolt/core';

/** Milliseconds from 1970 to 2000, where PostgreSQL's clock begins. */
export const postgresEpochMs = 946_684_800_000;

/**
 * Reads the fields of one message after the other. One cursor serves a whole stream: the numbers that are read most come
 * without an object of their own.
 *
 * Source: PostgreSQL manual, "Message Data Types": integers in network byte order, strings end with a zero byte.
 */
export class MessageCursor {
  #bytes: Buffer = Buffer.alloc(0);
  #offset = 0;
  #end = 0;

  /** Turns to another message. Its bytes are only looked at until the next call. */
  reset(bytes: Buffer, offset: number, end: number): void {
    this.#bytes = bytes;
    this.#offset = offset;
    this.#end = end;
  }

  /**
   * So many values of a row, as they are.
   *
   * @returns undefined where one of them has another form than text @throws RangeError where they go beyond the message
   */
  row(columns: number): EncodedRow | undefined {
    const bytes = this.#bytes;
    const start = this.#offset;
    let at = start;
    let [whole, bare] = [true, false];
    for (let column = 0; column < columns; column++) {
      const kind = bytes[at];
      if (kind !== encodedKind.text && kind !== encodedKind.null && kind !== encodedKind.unsent)
        return undefined;
      if (kind === encodedKind.unsent) whole = false;
      const value = at;
      at = endOfValue(bytes, at);
      if (at - value === textHeaderBytes + 1 && isBare(bytes[at - 1])) bare = true;
      if (at > this.#end) throw new RangeError(`value ${column + 1} of a row goes beyond its message`);
    }
    this.#offset = at;
    const row = new EncodedRow(bytes, { start, end: at, whole });
    return bare ? withOctalForms(row) : row;
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#offset++);
  }

  uint16(): number {
    const value = this.#bytes.readUInt16BE(this.#offset);
    this.#offset += 2;
    return value;
  }

  int32(): number {
    const value = this.#bytes.readInt32BE(this.#offset);
    this.#offset += 4;
    return value;
  }

  uint32(): number {
    const value = this.#bytes.readUInt32BE(this.#offset);
    this.#offset += 4;
    return value;
  }

  /** A log position. */
  position(): bigint {
    const value = this.#bytes.readBigUInt64BE(this.#offset);
    this.#offset += 8;
    return value;
  }

  /** A time, as milliseconds since 1970; the server counts microseconds. */
  time(): number {
    const value = this.#bytes.readBigInt64BE(this.#offset);
    this.#offset += 8;
    return Math.floor(Number(value) / 1000) + postgresEpochMs;
  }

  /** A string up to its zero byte. */
  name(): string {
    const end = this.#bytes.indexOf(0, this.#offset);
    const value = this.#bytes.toString('utf8', this.#offset, end);
    this.#offset = end + 1;
    return value;
  }
}

/** No character of UTF-8 is one byte beyond ASCII: it is a `"char"` of a server before 16. */
function isBare(byte = 0): boolean {
  return byte >= 0x80;
}

/** The row with each such byte as servers from 16 on print it. */
function withOctalForms(row: EncodedRow): EncodedRow {
  const encoder = new RowEncoder(row.end - row.start);
  for (let at = row.start; at < row.end; at = endOfValue(row.bytes, at)) {
    const kind = row.bytes[at];
    const end = endOfValue(row.bytes, at);
    const last = row.bytes[end - 1];
    if (kind === encodedKind.null) encoder.null();
    else if (kind === encodedKind.unsent) encoder.unsent();
    else if (end - at === textHeaderBytes + 1 && isBare(last)) encoder.text(`\\${last?.toString(8)}`);
    else encoder.bytes(row.bytes.subarray(at + textHeaderBytes, end));
  }
  return encoder.row();
}
