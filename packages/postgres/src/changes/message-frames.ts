/** A kind of one byte, and the length of what follows, itself included (32 bits, big-endian). */
const headerBytes = 5;
const copyData = 0x64;

/** Who takes the messages that a socket brings. The bytes are never written again. */
export interface FrameListener {
  /** The content of a CopyData message. */
  copyData(bytes: Buffer, start: number, end: number): void;
  /** Any other message, whole. */
  other(message: Buffer): void;
}

/**
 * Divides what a socket reads into the server's messages, where it reads it: nothing is made for a message but what its listener
 * makes. Only one that lies in several reads is put together.
 *
 * Source: PostgreSQL manual, "Message Flow" and "Message Formats".
 */
export class MessageFrames {
  readonly #listener: FrameListener;
  /** The message that has not come to its end. */
  #pieces: Buffer[] = [];
  #held = 0;
  #needed = headerBytes;

  constructor(listener: FrameListener) {
    this.#listener = listener;
  }

  take(bytes: Buffer): void {
    let at = this.#complete(bytes);
    while (at + headerBytes <= bytes.length) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (end > bytes.length) break;
      this.#give(bytes, at, end);
      at = end;
    }
    if (at < bytes.length) this.#keep(bytes.subarray(at));
  }

  /** @returns how many bytes belonged to messages that had begun before */
  #complete(bytes: Buffer): number {
    let at = 0;
    while (this.#held > 0 && at < bytes.length) {
      const piece = bytes.subarray(at, at + this.#needed - this.#held);
      at += piece.length;
      this.#keep(piece);
      if (this.#held < this.#needed) continue;
      const message = Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#held = 0;
      this.#give(message, 0, message.length);
    }
    return at;
  }

  #keep(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#held += piece.length;
    if (this.#held < headerBytes) {
      this.#needed = headerBytes;
      return;
    }
    const [first = piece] = this.#pieces;
    const header = first.length < headerBytes ? Buffer.concat(this.#pieces) : first;
    this.#needed = 1 + header.readUInt32BE(1);
  }

  #give(bytes: Buffer, start: number, end: number): void {
    if (bytes[start] === copyData) this.#listener.copyData(bytes, start + headerBytes, end);
    else this.#listener.other(bytes.subarray(start, end));
  }
}
