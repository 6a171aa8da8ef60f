/** A piece of a message stream: bytes to hand on unseen (any number of messages, also parts of one), or one whole message. */
export type Piece =
  | { readonly kind: 'bytes'; readonly bytes: Buffer }
  | { readonly kind: 'message'; readonly type: string; readonly body: Buffer };

const headerLength = 5;

/**
 * Follows the framing of a pgwire stream (one type byte, four length bytes, the body). Messages that nobody asks for are
 * handed on as the bytes they came in, many at once, so that COPY data and rows cost one look at each header.
 */
export class MessageWalker {
  readonly #wants: (type: string) => boolean;
  /** Bytes of a message in passing that are still to come. */
  #passing = 0;
  /** The beginning of a header, or of a wanted message, that the last chunk ended in. */
  #rest: Buffer[] = [];
  #restLength = 0;

  /** @param wants asked once for each message, in order, after all messages before it have been consumed */
  constructor(wants: (type: string) => boolean) {
    this.#wants = wants;
  }

  /** The pieces of the next chunk. They are cut lazily: consume each one before asking for the next. */
  *walk(chunk: Buffer): Generator<Piece> {
    const bytes = this.#withRest(chunk);
    if (bytes === undefined) return;
    let at = Math.min(this.#passing, bytes.length);
    this.#passing -= at;
    let passFrom = 0;
    while (bytes.length - at >= headerLength) {
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      const type = String.fromCharCode(bytes[at] ?? 0);
      if (!this.#wants(type)) {
        this.#passing = Math.max(0, end - bytes.length);
        at = Math.min(end, bytes.length);
        continue;
      }
      if (passFrom < at) yield { kind: 'bytes', bytes: bytes.subarray(passFrom, at) };
      passFrom = at;
      if (end > bytes.length) break;
      yield { kind: 'message', type, body: bytes.subarray(at + headerLength, end) };
      at = end;
      passFrom = at;
    }
    if (passFrom < at) yield { kind: 'bytes', bytes: bytes.subarray(passFrom, at) };
    if (at < bytes.length) this.#keep(bytes.subarray(at));
  }

  /** A long message is joined once, when its last byte is here, not once a chunk. */
  #withRest(chunk: Buffer): Buffer | undefined {
    if (this.#restLength === 0) return chunk;
    this.#keep(chunk);
    if (this.#restLength < this.#restNeeds()) return undefined;
    const joined = Buffer.concat(this.#rest, this.#restLength);
    this.#rest = [];
    this.#restLength = 0;
    return joined;
  }

  #restNeeds(): number {
    const first = this.#rest[0];
    if (first === undefined || first.length < headerLength) return headerLength;
    return 1 + first.readUInt32BE(1);
  }

  #keep(bytes: Buffer): void {
    this.#rest.push(bytes);
    this.#restLength += bytes.length;
  }
}
