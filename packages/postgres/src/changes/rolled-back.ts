import type { TransactionSpill } from '@tsmolt/core';
import type { SpilledMessage } from './spilled-messages.js';

/** Numbers that are kept in memory, and that one statement takes to the spill. */
const mostInMemory = 1000;

/**
 * The subtransactions of a running transaction that were rolled back. A transaction may have millions of them (a loop with
 * an exception block): all but the latest are noted in the spill, and asked for again piece by piece.
 */
export class RolledBack {
  readonly #spill: TransactionSpill;
  readonly #transaction: string;
  #latest = new Set<number>();
  #spilled = false;

  constructor(spill: TransactionSpill, transaction: string) {
    this.#spill = spill;
    this.#transaction = transaction;
  }

  /** @returns where it takes time: when it is noted */
  add(subtransaction: number): Promise<void> | undefined {
    this.#latest.add(subtransaction);
    if (this.#latest.size < mostInMemory) return undefined;
    const numbers = [...this.#latest];
    this.#latest = new Set();
    this.#spilled = true;
    return this.#spill.rollBack(this.#transaction, numbers);
  }

  /** Those of the messages that were not rolled back, in their order. */
  async without(messages: Iterable<SpilledMessage>): Promise<Iterable<SpilledMessage>> {
    const all = [...messages];
    const noted = await this.#noted(all);
    return all.filter(({ transaction }) => !this.#latest.has(transaction) && !noted.has(transaction));
  }

  async #noted(messages: readonly SpilledMessage[]): Promise<ReadonlySet<number>> {
    if (!this.#spilled || messages.length === 0) return new Set();
    const among = new Set(messages.map(({ transaction }) => transaction));
    return this.#spill.rolledBack(this.#transaction, [...among]);
  }
}
