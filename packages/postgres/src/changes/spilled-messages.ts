/** What one write to the spill carries. */
const defaultPieceBytes = 512 * 1024;

/** Length of what follows behind the number, and the transaction, or subtransaction, that it belongs to. */
const headerBytes = 8;

/** A message as it comes in an ordinary transaction, and the transaction or subtransaction that made the change. */
export interface SpilledMessage {
  readonly transaction: number;
  readonly message: Buffer;
}

/**
 * Lays messages one behind the other into pieces of one size: a message may begin in one and end in another, so that no
 * piece grows with the values of a row.
 */
export class PieceWriter {
  readonly #pieceBytes: number;
  readonly #header = Buffer.alloc(headerBytes);
  #piece: Buffer | undefined;
  #length = 0;
  #full: Buffer[] = [];

  constructor(pieceBytes: number = defaultPieceBytes) {
    this.#pieceBytes = pieceBytes;
  }

  /**
   * @param kind the message's first byte
   * @param bytes the message's others; they are copied
   * @returns the pieces that are full, for the most part none
   */
  add(transaction: number, kind: number, bytes: Buffer): readonly Buffer[] {
    this.#header.writeUInt32BE(bytes.length + 1, 0);
    this.#header.writeUInt32BE(transaction, 4);
    this.#write(this.#header);
    this.#write(Buffer.of(kind));
    this.#write(bytes);
    if (this.#full.length === 0) return this.#full;
    const full = this.#full;
    this.#full = [];
    return full;
  }

  /** The piece that is not full yet. */
  rest(): Buffer | undefined {
    const rest = this.#piece?.subarray(0, this.#length);
    this.#piece = undefined;
    this.#length = 0;
    return rest;
  }

  #write(bytes: Buffer): void {
    for (let written = 0; written < bytes.length;) {
      this.#piece ??= Buffer.allocUnsafe(this.#pieceBytes);
      const count = bytes.copy(this.#piece, this.#length, written);
      written += count;
      this.#length += count;
      if (this.#length < this.#pieceBytes) continue;
      this.#full.push(this.#piece);
      this.rest();
    }
  }
}

/** Takes the messages out of the pieces again. */
export class PieceReader {
  #parts: Buffer[] = [];
  #held = 0;
  /** So many bytes have to be there before it is worth looking. */
  #wanted = headerBytes;

  /** The messages that end in this piece. They are views of it. */
  *messages(piece: Buffer): Iterable<SpilledMessage> {
    this.#parts.push(piece);
    this.#held += piece.length;
    if (this.#held < this.#wanted) return;
    const bytes = this.#parts.length === 1 ? piece : Buffer.concat(this.#parts);
    let offset = 0;
    for (;;) {
      this.#wanted = frameBytes(bytes, offset);
      if (bytes.length - offset < this.#wanted) break;
      const start = offset + headerBytes;
      offset += this.#wanted;
      yield { transaction: bytes.readUInt32BE(start - 4), message: bytes.subarray(start, offset) };
    }
    this.#parts = [bytes.subarray(offset)];
    this.#held = bytes.length - offset;
  }

  /** @throws Error where a message has begun and not ended */
  end(): void {
    if (this.#held > 0) throw new Error(`${this.#held} bytes of a spilled transaction are no whole message`);
  }
}

/** How long the next message is with its header, as far as that is known yet. */
function frameBytes(bytes: Buffer, offset: number): number {
  return bytes.length - offset < headerBytes ? headerBytes : headerBytes + bytes.readUInt32BE(offset);
}
