import { encodedKind, EncodedRow, textHeaderBytes } from './encoded-row.js';
import type { ChangeValue } from './ports/change-source.js';

/** Rows lie together in pieces of this size: a buffer for each would cost more than its bytes. */
const defaultPieceBytes = 64 * 1024;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const mostBytesOfUnit = 3;
/** Up to this length a loop is faster than the call that writes any text. */
const shortText = 24;

/** Writes rows as bytes, value by value: for readers whose server sends them in another form. */
export class RowEncoder {
  #bytes = Buffer.alloc(0);
  #start = 0;
  #end = 0;
  #whole = true;
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
    this.#reserve(textHeaderBytes + text.length * mostBytesOfUnit);
    const start = this.#end + textHeaderBytes;
    const ascii = text.length <= shortText && this.#ascii(text, start);
    this.#close(start + (ascii ? text.length : this.#bytes.write(text, start)));
  }

  /** Text that is UTF-8 already. */
  bytes(text: Buffer): void {
    this.#reserve(textHeaderBytes + text.length);
    const start = this.#end + textHeaderBytes;
    text.copy(this.#bytes, start);
    this.#close(start + text.length);
  }

  /** The row of the values since the last one. */
  row(): EncodedRow {
    const row = new EncodedRow(this.#bytes, { start: this.#start, end: this.#end, whole: this.#whole });
    this.#start = this.#end;
    this.#whole = true;
    return row;
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
