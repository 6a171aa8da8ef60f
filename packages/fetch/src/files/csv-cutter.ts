const quote = 0x22;
const newline = 0x0a;

const leastBlockBytes = 256 * 1024;

/** A part ends with the row that reaches one of the two. */
export interface CutLimits {
  readonly rows: number;
  readonly bytes: number;
}

/**
 * Cuts a stream of CSV into parts at row boundaries, without looking further into the rows: a newline ends a row unless it
 * stands inside quotes, and a doubled quote opens what it has just closed.
 *
 * @example
 * const cutter = new CsvCutter(stream, { rows: 100_000, bytes: 1 << 28 });
 * while (await cutter.hasMore()) { for await (const chunk of cutter.part()) ...; cutter.rows }
 */
export class CsvCutter {
  /** Rows of the part that was read last. */
  rows = 0;
  readonly #chunks: AsyncIterator<Buffer>;
  readonly #limits: CutLimits;
  /** Read from the stream and not given out yet. */
  #pending: Buffer = Buffer.alloc(0);
  #inQuotes = false;

  constructor(stream: AsyncIterable<Buffer>, limits: CutLimits) {
    this.#chunks = stream[Symbol.asyncIterator]();
    this.#limits = limits;
  }

  /** Whether there is another part. Call it when the part before has been read to its end. */
  async hasMore(): Promise<boolean> {
    while (this.#pending.length === 0) {
      const next = await this.#chunks.next();
      if (next.done === true) return false;
      this.#pending = next.value;
    }
    return true;
  }

  /** The bytes of the next part: whole rows, at least one. They come in blocks: what follows costs by the block. */
  async *part(): AsyncGenerator<Buffer> {
    this.rows = 0;
    let bytes = 0;
    let block: Buffer[] = [];
    let blockBytes = 0;
    while (await this.hasMore()) {
      const end = this.#scan(bytes);
      const given = this.#pending.subarray(0, end.position);
      this.#pending = this.#pending.subarray(end.position);
      bytes += given.length;
      blockBytes += given.length;
      block.push(given);
      if (end.full) break;
      if (blockBytes < leastBlockBytes) continue;
      yield Buffer.concat(block, blockBytes);
      block = [];
      blockBytes = 0;
    }
    if (blockBytes > 0) yield Buffer.concat(block, blockBytes);
  }

  /** Counts rows in what is pending, up to the end of the row that fills the part. */
  #scan(bytesBefore: number): { readonly position: number; readonly full: boolean } {
    const { rows: mostRows, bytes: mostBytes } = this.#limits;
    const chunk = this.#pending;
    const length = chunk.length;
    let { rows } = this;
    let inQuotes = this.#inQuotes;
    for (let index = 0; index < length; index++) {
      const byte = chunk[index];
      if (byte === quote) inQuotes = !inQuotes;
      else if (byte === newline && !inQuotes) {
        rows += 1;
        if (rows >= mostRows || bytesBefore + index + 1 >= mostBytes) {
          this.rows = rows;
          this.#inQuotes = false;
          return { position: index + 1, full: true };
        }
      }
    }
    this.rows = rows;
    this.#inQuotes = inQuotes;
    return { position: length, full: false };
  }
}
