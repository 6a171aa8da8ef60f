import { randomUUID } from 'node:crypto';
import type { ApplyTransaction, Lease, Leases } from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';
import { PgwireLease, takenOver } from './lease.js';
import type { LeaseTerms } from './lease.js';
import type { Query, StagingDatabase } from './staging-database.js';

export interface HeldLeasesParts {
  readonly database: StagingDatabase;
  /** Connections of their own: a store that is busy must not keep a lease from being renewed. */
  readonly pool: SessionPool;
  /** How long a lease lasts that is not renewed. */
  readonly durationMs: number;
}

/** The leases of this process, in the table `leases`. */
export class HeldLeases implements Leases {
  readonly #parts: HeldLeasesParts;
  /** By name, the latest. */
  readonly #held = new Map<string, PgwireLease>();
  /** By name, the nonce of what nobody knows about: it may be in the table, and then it is a lease of this process. */
  readonly #asked = new Map<string, string>();

  constructor(parts: HeldLeasesParts) {
    this.#parts = parts;
  }

  async acquireLease(name: string): Promise<Lease | undefined> {
    const { pool, durationMs } = this.#parts;
    const lease = await this.#ask({ pool, table: this.#table, name, durationMs });
    if (lease === undefined) await this.#held.get(name)?.refuseTakenOver();
    else this.#held.set(name, lease);
    return lease;
  }

  async #ask(terms: LeaseTerms): Promise<PgwireLease | undefined> {
    const nonce = this.#asked.get(terms.name) ?? randomUUID();
    const held = this.#held.get(terms.name);
    // Whoever asks at the same time is another one.
    this.#asked.delete(terms.name);
    try {
      return await PgwireLease.acquire(terms, nonce, held?.lost.aborted === true ? held.nonce : undefined);
    } catch (thrown) {
      this.#asked.set(terms.name, nonce);
      throw thrown;
    }
  }

  /** What the row of a lease of this process has held since it was acquired; undefined for one that never was. */
  nonceOf(name: string): string | undefined {
    return this.#held.get(name)?.nonce;
  }

  async fence(within?: ApplyTransaction): Promise<void> {
    if (this.#held.size === 0) return;
    if (within !== undefined) return this.fenceThrough(this.#parts.database.through(within));
    await this.#refuseLost((sql, values) => this.#parts.database.query(sql, values), '');
    // A process that was stopped while it waited for the answer has an old one.
    for (const lease of this.#held.values()) lease.refuseExpired();
  }

  /** Locks the rows of the leases up to the end of the transaction that the statements are of. */
  async fenceThrough(query: Query): Promise<void> {
    await this.#refuseLost(query, ' FOR SHARE');
  }

  /** Gives all of them back. */
  async release(): Promise<void> {
    for (const lease of this.#held.values()) await lease.release();
    this.#held.clear();
  }

  async #refuseLost(query: Query, locking: string): Promise<void> {
    const sql = `SELECT 1 AS held FROM ${this.#table} WHERE name = $1 AND nonce = $2::UUID${locking}`;
    for (const [name, { nonce }] of this.#held)
      if ((await query(sql, [name, nonce])).length === 0) throw takenOver(name);
  }

  get #table(): string {
    return this.#parts.database.quote('leases');
  }
}
