import { isUtf8 } from 'node:buffer';
import { encodedKind, EncodedRow, textHeaderBytes } from './encoded-row.js';
import type { ChangeValue } from './change-value.js';

/** Rows lie together in pieces of this size: a buffer for each would cost more than its bytes. */
const defaultPieceBytes = 64 * 1024;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const mostBytesOfUnit = 3;
/** Up to this length a loop is faster than the call that writes any text. */
const shortText = 24;
/** From this length on, room is taken for the bytes that a text has, not for those that it could have. */
const longText = 4096;
/** As `shortText`, of bytes. */
const shortBytes = 48;
/** Numbers are divided into words of so many digits, which are quick. */
const wordDigits = 9;
const wordRange = 1e9;
/** Of a safe integer. */
const mostDigits = 16;
const zero = 0x30;
const minus = 0x2d;

/** Writes rows as bytes, value by value: for readers whose server sends them in another form. */
export class RowEncoder {
  #bytes = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #whole = true;
  /** Where the next byte goes of a text that was begun. */
  #at = 0;
  readonly #pieceBytes: number;

  constructor(pieceBytes: number = defaultPieceBytes) {
    this.#pieceBytes = pieceBytes;
  }

  null(): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = encodedKind.null;
  }

  unsent(): void {
    this.#reserve(1);
    this.#bytes[this.#end++] = encodedKind.unsent;
    this.#whole = false;
  }

  text(text: string): void {
    const most = text.length > longText ? Buffer.byteLength(text) : text.length * mostBytesOfUnit;
    this.#reserve(textHeaderBytes + most);
    const start = this.#end + textHeaderBytes;
    const ascii = text.length <= shortText && this.#ascii(text, start);
    this.#close(start + (ascii ? text.length : this.#bytes.write(text, start)));
  }

  /** Text of nothing but ASCII: takes no more room than it has characters. */
  ascii(text: string): void {
    this.#reserve(textHeaderBytes + text.length);
    const start = this.#end + textHeaderBytes;
    if (text.length > shortText || !this.#ascii(text, start)) this.#bytes.write(text, start, 'latin1');
    this.#close(start + text.length);
  }

  /** Text that is UTF-8 already. */
  bytes(text: Buffer): void {
    this.#reserve(textHeaderBytes + text.length);
    const start = this.#end + textHeaderBytes;
    text.copy(this.#bytes, start);
    this.#close(start + text.length);
  }

  /**
   * Text that lies between two places of memory as UTF-8.
   *
   * @returns whether it is UTF-8; nothing was written where it is none: a server may hold bytes that it never checked
   */
  utf8(memory: Buffer, from: number, to: number): boolean {
    const length = to - from;
    this.#reserve(textHeaderBytes + length);
    const start = this.#end + textHeaderBytes;
    const whole =
      length <= shortBytes ? this.#copyShort(memory, from, length) : this.#copyLong(memory, from, to);
    if (whole) this.#close(start + length);
    return whole;
  }

  /** A safe integer in decimal digits. */
  integer(value: number): void {
    this.begin(mostDigits + 1);
    if (value < 0) this.byte(minus);
    this.digits(Math.abs(value), 1);
    this.finish();
  }

  /** Begins a text that is put together from bytes and digits. @param most bytes that it may have */
  begin(most: number): void {
    this.#reserve(textHeaderBytes + most);
    this.#at = this.#end + textHeaderBytes;
  }

  /** The next byte of the text that was begun. */
  byte(code: number): void {
    this.#bytes[this.#at++] = code;
  }

  /** A whole number within the text that was begun, with zeros before it up to so many digits. @param value safe, not negative */
  digits(value: number, least: number): void {
    if (value >= wordRange) {
      const high = Math.floor(value / wordRange);
      this.digits(high, least - wordDigits);
      this.#word(value - high * wordRange, wordDigits);
    } else this.#word(value, least);
  }

  /** Ends the text that was begun. */
  finish(): void {
    this.#close(this.#at);
  }

  /** The row of the values since the last one. */
  row(): EncodedRow {
    const row = new EncodedRow(this.#bytes, { start: this.#start, end: this.#end, whole: this.#whole });
    this.#start = this.#end;
    this.#whole = true;
    return row;
  }

  /** From the last digit to the first. @param value below `wordRange` */
  #word(value: number, least: number): void {
    let count = 1;
    for (let power = 10; power <= value; power *= 10) count += 1;
    if (count < least) count = least;
    let rest = value;
    for (let at = this.#at + count - 1; at >= this.#at; at--) {
      const higher = (rest / 10) | 0;
      this.#bytes[at] = zero + rest - higher * 10;
      rest = higher;
    }
    this.#at += count;
  }

  /** @returns whether it was UTF-8 */
  #copyShort(memory: Buffer, from: number, length: number): boolean {
    const bytes = this.#bytes;
    const start = this.#end + textHeaderBytes;
    let seen = 0;
    for (let index = 0; index < length; index++) {
      const byte = memory[from + index] ?? 0;
      seen |= byte;
      bytes[start + index] = byte;
    }
    return seen < 128 || isUtf8(bytes.subarray(start, start + length));
  }

  /** @returns whether it was UTF-8 */
  #copyLong(memory: Buffer, from: number, to: number): boolean {
    const text = memory.subarray(from, to);
    if (!isUtf8(text)) return false;
    text.copy(this.#bytes, this.#end + textHeaderBytes);
    return true;
  }

  #ascii(text: string, start: number): boolean {
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) return false;
      this.#bytes[start + index] = code;
    }
    return true;
  }

  #close(end: number): void {
    this.#bytes[this.#end] = encodedKind.text;
    this.#bytes.writeInt32BE(end - this.#end - textHeaderBytes, this.#end + 1);
    this.#end = end;
  }

  /** What was given out stays where it is; the row that has begun goes along. */
  #reserve(length: number): void {
    if (this.#end + length <= this.#bytes.length) return;
    const begun = this.#bytes.subarray(this.#start, this.#end);
    this.#bytes = Buffer.allocUnsafeSlow(Math.max(this.#pieceBytes, 2 * begun.length + length));
    begun.copy(this.#bytes);
    this.#start = 0;
    this.#end = begun.length;
  }
}

/** One row by itself. */
export function encodeRow(values: readonly ChangeValue[]): EncodedRow {
  const encoder = new RowEncoder(0);
  for (const value of values) {
    if (value === undefined) encoder.unsent();
    else if (value === null) encoder.null();
    else encoder.text(value);
  }
  return encoder.row();
}
