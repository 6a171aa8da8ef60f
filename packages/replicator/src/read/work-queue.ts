import { stoppedOnRequest } from '@tsmolt/core';
import type { FlushLimits } from '../options.js';
import type { Assembled, SourceTransaction, TransactionPart } from './transactions.js';

/** What is written to the target at once. */
export type Work =
  | { readonly kind: 'batch'; readonly transactions: readonly SourceTransaction[] }
  /** One transaction that is too large to be held; its parts have to be read to the end. */
  | { readonly kind: 'large'; readonly parts: AsyncIterable<TransactionPart> }
  /** Nothing to write: the source has come so far. */
  | { readonly kind: 'progress'; readonly position: string; readonly at: number };

/**
 * A batch is written when it has `flushSize` rows, and takes up to so many times as many along where they are there already: who
 * lags behind catches up with fewer statements and commits.
 */
const mostOfFlushSize = 10;

interface Item {
  readonly assembled: Assembled;
  readonly rows: number;
  readonly arrivedAt: number;
}

/**
 * Between the reader and the writer: holds a bounded number of bytes, and cuts what has come into batches when one is full
 * or old enough.
 *
 * The reader calls `add`, `room` and `end`, the writer `take`; one of each.
 */
export class WorkQueue {
  readonly #limits: FlushLimits;
  /** Rows at which a batch takes along no more transactions. */
  #mostRows: number;
  readonly #queuedBatches: number;
  readonly #maxBytes: number;
  #items: Item[] = [];
  #bytes = 0;
  #rows = 0;
  #ended = false;
  #failure: { readonly thrown: unknown } | undefined;
  /** Items that are no whole transactions. */
  #others = 0;
  #waiters: (() => void)[] = [];

  /**
   * @param failures so many times in a row what was read was not written. Batches begin small then, and each may be twice as large as
   *   the one before: where failures are frequent, much that is begun would never be finished.
   */
  constructor(limits: FlushLimits, queuedBatches: number, failures = 0) {
    this.#limits = limits;
    this.#mostRows =
      failures === 0 ? mostOfFlushSize * limits.rows : Math.max(1, limits.rows / 2 ** (failures - 1));
    this.#queuedBatches = Math.max(1, queuedBatches);
    this.#maxBytes = limits.bytes * this.#queuedBatches;
  }

  /** Rows that wait, and the share of the room they take, in percent. */
  get depth(): { readonly rows: number; readonly percent: number } {
    return { rows: this.#rows, percent: Math.min(100, (100 * this.#bytes) / this.#maxBytes) };
  }

  /**
   * Whether the reader should wait for room before it adds more. Batches of small transactions are far from the limit of bytes:
   * a reader that ran so far ahead would only fill the memory, and what lies there for long is what its collection costs most for.
   */
  get full(): boolean {
    if (this.#failure !== undefined) return false;
    const { rows, transactions } = this.#limits;
    const batches = Math.min(this.#rows / rows, this.#items.length / transactions);
    const small = this.#others === 0 && batches > this.#queuedBatches;
    return small || this.#bytes > this.#maxBytes;
  }

  /** @param arrivedAt by the clock of `performance` */
  add(assembled: Assembled, arrivedAt = performance.now()): void {
    const last = this.#items.at(-1);
    // What comes behind a heartbeat goes further. A source may send one after each transaction, and none should divide a batch.
    if (assembled.kind !== 'part' && last?.assembled.kind === 'heartbeat') {
      this.#drop(this.#items.length - 1, 1);
    }
    const rows = rowsOf(assembled);
    this.#items.push({ assembled, rows, arrivedAt });
    this.#rows += rows;
    this.#bytes += bytesOf(assembled);
    if (assembled.kind !== 'transaction') this.#others += 1;
    this.#changed();
  }

  /** Resolves when there is room again, or nobody takes anything any more. */
  async room(): Promise<void> {
    while (this.full) await this.#change();
  }

  /** Nothing more will come; what is there is still given out. */
  end(): void {
    this.#ended = true;
    this.#changed();
  }

  /**
   * Nothing more will come, for this reason. Whole transactions that are there are still given out: behind an event that cannot
   * be read, every run would end at the same place, with them never written.
   */
  fail(thrown: unknown): void {
    this.#failure ??= { thrown };
    this.#changed();
  }

  /** The next work; `idle` after so many milliseconds without any; undefined when there will be none. */
  async take(idleMs: number): Promise<Work | 'idle' | undefined> {
    const until = performance.now() + idleMs;
    for (;;) {
      const work = this.#next();
      if (work !== undefined) return work;
      if (this.#failure !== undefined) throw this.#failure.thrown;
      if (this.#ended && this.#items.length === 0) return undefined;
      const now = performance.now();
      if (now >= until) return 'idle';
      await this.#change(Math.min(until - now, this.#msUntilFlush(now)));
    }
  }

  #next(): Work | undefined {
    const [head] = this.#items;
    if (head === undefined) return undefined;
    const { assembled } = head;
    if (assembled.kind === 'part') return { kind: 'large', parts: this.#parts() };
    if (assembled.kind === 'heartbeat') {
      this.#giveOut(1);
      return { kind: 'progress', position: assembled.heartbeat.position, at: assembled.heartbeat.at };
    }
    return this.#batch(head);
  }

  #batch(head: Item): Work | undefined {
    const { count, full } = this.#batchSize();
    const old = performance.now() - head.arrivedAt >= this.#limits.periodMs;
    // What follows cannot join: another item behind this batch is a heartbeat, or a part.
    const closed = this.#ended || this.#failure !== undefined || count < this.#items.length;
    if (!full && !old && !closed) return undefined;
    const transactions = this.#items
      .slice(0, count)
      .flatMap(({ assembled }) => (assembled.kind === 'transaction' ? [assembled.transaction] : []));
    this.#giveOut(count);
    this.#mostRows = Math.min(mostOfFlushSize * this.#limits.rows, 2 * this.#mostRows);
    return { kind: 'batch', transactions };
  }

  /** How many of the first transactions make a batch, and whether it is full. */
  #batchSize(): { readonly count: number; readonly full: boolean } {
    const { transactions, bytes: maxBytes } = this.#limits;
    const maxRows = Math.min(this.#limits.rows, this.#mostRows);
    const all = this.#items.length;
    if (this.#others === 0 && this.#rows < maxRows && all < transactions && this.#bytes < maxBytes) {
      return { count: all, full: false };
    }
    let [rows, bytes, count] = [0, 0, 0];
    for (const item of this.#items) {
      if (item.assembled.kind !== 'transaction') break;
      rows += item.rows;
      bytes += item.assembled.bytes;
      count += 1;
      if (rows >= this.#mostRows || count >= transactions || bytes >= maxBytes) return { count, full: true };
    }
    return { count, full: rows >= maxRows };
  }

  async *#parts(): AsyncGenerator<TransactionPart> {
    for (;;) {
      const [head] = this.#items;
      if (head?.assembled.kind === 'part') {
        const { part } = head.assembled;
        this.#giveOut(1);
        yield part;
        if (part.commit !== undefined) return;
      } else if (this.#failure !== undefined) throw this.#failure.thrown;
      else if (this.#ended) throw stoppedOnRequest();
      else await this.#change();
    }
  }

  /** The reader, which has room again, comes after the writer: it fills the queue while the target works on what was taken. */
  #giveOut(count: number): void {
    this.#drop(0, count);
    setImmediate(() => this.#changed());
  }

  #drop(from: number, count: number): void {
    for (const { assembled, rows } of this.#items.splice(from, count)) {
      this.#bytes -= bytesOf(assembled);
      this.#rows -= rows;
      if (assembled.kind !== 'transaction') this.#others -= 1;
    }
  }

  #msUntilFlush(now: number): number {
    const [head] = this.#items;
    return head === undefined ? Number.MAX_SAFE_INTEGER : this.#limits.periodMs - (now - head.arrivedAt);
  }

  #changed(): void {
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const wake of waiters) wake();
  }

  #change(timeoutMs?: number): Promise<void> {
    return new Promise((resolve) => {
      const timer =
        timeoutMs === undefined || timeoutMs > 2 ** 31 - 1
          ? undefined
          : setTimeout(resolve, Math.max(0, Math.ceil(timeoutMs)));
      this.#waiters.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

function rowsOf(assembled: Assembled): number {
  if (assembled.kind === 'transaction') return assembled.transaction.events.length;
  return assembled.kind === 'part' ? assembled.part.events.length : 0;
}

function bytesOf(assembled: Assembled): number {
  return assembled.kind === 'heartbeat' ? 0 : assembled.bytes;
}
