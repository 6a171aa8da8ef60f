const chunkBytes = 128 * 1024;
/** Bytes that become hexadecimal digits at a time. */
const hexPiece = 32 * 1024;
const quote = 0x22;
const quoteMark = Buffer.from('"');
const bytesStart = Buffer.from('\\x');

/** Gathers pieces of rows into chunks of one size, whatever the length of a row. */
export class ChunkWriter {
  readonly #push: (chunk: Buffer) => void;
  #chunk = Buffer.allocUnsafeSlow(chunkBytes);
  #length = 0;

  /** @param push takes each full chunk; it is not written to again */
  constructor(push: (chunk: Buffer) => void) {
    this.#push = push;
  }

  write(bytes: Buffer): void {
    let start = 0;
    while (start < bytes.length) {
      const copied = bytes.copy(this.#chunk, this.#length, start);
      start += copied;
      this.#length += copied;
      if (this.#length === chunkBytes) this.flush();
    }
  }

  /** A text as a quoted field. */
  writeText(text: Buffer): void {
    this.write(quoteMark);
    let start = 0;
    for (let at = text.indexOf(quote); at !== -1; at = text.indexOf(quote, start)) {
      this.write(text.subarray(start, at + 1));
      this.write(quoteMark);
      start = at + 1;
    }
    this.write(text.subarray(start));
    this.write(quoteMark);
  }

  /** Bytes in PostgreSQL's hexadecimal form, of which nothing has to be quoted. */
  writeBytes(bytes: Buffer): void {
    this.write(bytesStart);
    for (let start = 0; start < bytes.length; start += hexPiece) {
      this.write(
        Buffer.from(bytes.toString('hex', start, Math.min(bytes.length, start + hexPiece)), 'latin1'),
      );
    }
  }

  flush(): void {
    if (this.#length === 0) return;
    const full = this.#chunk.subarray(0, this.#length);
    this.#chunk = Buffer.allocUnsafeSlow(chunkBytes);
    this.#length = 0;
    this.#push(full);
  }
}
