import { encodedKind, EncodedRow, endOfValue } from '@tsmolt/core';

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
    let whole = true;
    for (let column = 0; column < columns; column++) {
      const kind = bytes[at];
      if (kind !== encodedKind.text && kind !== encodedKind.null && kind !== encodedKind.unsent)
        return undefined;
      if (kind === encodedKind.unsent) whole = false;
      at = endOfValue(bytes, at);
      if (at > this.#end) throw new RangeError(`value ${column + 1} of a row goes beyond its message`);
    }
    this.#offset = at;
    return new EncodedRow(bytes, { start, end: at, whole });
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

  /** So many bytes of text. */
  text(length: number): string {
    const start = this.#offset;
    const end = start + length;
    if (end > this.#end) throw new RangeError(`a value of ${length} bytes goes beyond its message`);
    this.#offset = end;
    // No character of UTF-8 is one byte beyond ASCII: it is a `"char"` of a server before 16.
    const byte = length === 1 ? this.#bytes.readUInt8(start) : 0;
    return byte < 0x80 ? this.#bytes.toString('utf8', start, end) : `\\${byte.toString(8)}`;
  }
}
