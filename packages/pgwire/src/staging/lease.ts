import { hostname } from 'node:os';
import type { QueryResult } from 'pg';
import { repeated, TsmoltError } from '@tsmolt/core';
import type { Lease } from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';

export interface LeaseTerms {
  readonly pool: SessionPool;
  /** The quoted name of the table of leases. */
  readonly table: string;
  readonly name: string;
  /** How long it lasts without being renewed. */
  readonly durationMs: number;
}

/** The server's clock: those of the processes that want the lease may differ. */
const now = `(clock_timestamp()::TIMESTAMPTZ AT TIME ZONE 'UTC')`;
const until = (parameter: string): string => `${now} + ${parameter}::INT8 * INTERVAL '1 millisecond'`;

/** A row of the table of leases that this process keeps from expiring. */
export class PgwireLease implements Lease {
  readonly #terms: LeaseTerms;
  readonly #nonce: string;
  readonly #lost = new AbortController();
  #renewal: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;
  /** When it counts as expired here, as `performance.now` counts. */
  #endsAt = 0;
  /** Whether the server was asked to renew it, and has not said yes. */
  #unanswered = false;
  #released = false;

  /**
   * Resolves to undefined while somebody else holds it.
   *
   * A process must not wait for itself.
   *
   * @param nonce the same one again where it is not known whether it was acquired
   * @param lost the nonce of a lease that this process has lost: where its row is still there, nobody else took it
   */
  static acquire(terms: LeaseTerms, nonce: string, lost?: string): Promise<PgwireLease | undefined> {
    return repeated(() => PgwireLease.#ask(terms, nonce, lost));
  }

  static async #ask(terms: LeaseTerms, nonce: string, lost = nonce): Promise<PgwireLease | undefined> {
    const asked = performance.now();
    const { rowCount } = await query(
      terms,
      `INSERT INTO ${terms.table} AS l (name, expires, nonce, hostname)
        VALUES ($1, ${until('$2')}, $3::UUID, $4)
        ON CONFLICT (name) DO UPDATE SET expires = excluded.expires, nonce = excluded.nonce, hostname = excluded.hostname
        WHERE l.expires < ${now} OR l.nonce IN (excluded.nonce, $5::UUID)`,
      [terms.name, terms.durationMs, nonce, hostname(), lost],
    );
    return rowCount === 1 ? new PgwireLease(terms, nonce, asked) : undefined;
  }

  private constructor(terms: LeaseTerms, nonce: string, asked: number) {
    this.#terms = terms;
    this.#nonce = nonce;
    this.#holdFrom(asked);
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** What the row of the table of leases holds for as long as nobody else has taken it. */
  get nonce(): string {
    return this.#nonce;
  }

  /** @throws TsmoltError `TSM7003` where another process has it now; one that has merely expired may be taken again */
  async refuseTakenOver(): Promise<void> {
    const { table, name } = this.#terms;
    const sql = `SELECT 1 FROM ${table} WHERE name = $1 AND nonce <> $2::UUID`;
    const { rowCount } = await query(this.#terms, sql, [name, this.#nonce]);
    if (rowCount !== 0) throw takenOver(name);
  }

  /**
   * A process that was stopped may get here before its timers do.
   *
   * @throws TsmoltError of kind `retry` where the lease has run out by this process's clock: `lost` has fired then
   */
  refuseExpired(): void {
    if (!this.#released && performance.now() < this.#endsAt) return;
    const reason = this.#ranOut();
    this.#lose(reason);
    throw reason;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#stop();
    const { table, name } = this.#terms;
    const sql = `DELETE FROM ${table} WHERE name = $1 AND nonce = $2::UUID`;
    // It expires by itself, but until then whoever comes next has to wait: a connection that was cut is worth another one.
    await repeated(() => query(this.#terms, sql, [name, this.#nonce])).catch(() => undefined);
  }

  /**
   * The server counts from when it got the request, which is later than when it was sent: so it expires here before it
   * expires there, and the more so by what is left of the duration.
   */
  #holdFrom(asked: number): void {
    const { durationMs } = this.#terms;
    clearTimeout(this.#deadline);
    this.#endsAt = asked + durationMs * 0.8;
    this.#unanswered = false;
    const leftMs = Math.max(0, this.#endsAt - performance.now());
    this.#deadline = setTimeout(() => this.#lose(this.#ranOut()), leftMs).unref();
    this.#renewIn(durationMs / 3);
  }

  #renewIn(milliseconds: number): void {
    this.#renewal = setTimeout(() => void this.#renew(), milliseconds).unref();
  }

  async #renew(): Promise<void> {
    const asked = performance.now();
    // A process that was stopped finds both timers due: what it renewed now would keep others, and itself, waiting.
    if (asked >= this.#endsAt) return this.#lose(this.#ranOut());
    this.#unanswered = true;
    try {
      const { rowCount } = await query(
        this.#terms,
        `UPDATE ${this.#terms.table} SET expires = ${until('$2')} WHERE name = $1 AND nonce = $3::UUID`,
        [this.#terms.name, this.#terms.durationMs, this.#nonce],
      );
      if (this.#released) return;
      if (rowCount === 1) this.#holdFrom(asked);
      else this.#lose(takenOver(this.#terms.name));
    } catch {
      // A server that does not answer may do so in time: the deadline decides.
      if (!this.#released) this.#renewIn(this.#terms.durationMs / 20);
    }
  }

  #lose(reason: TsmoltError): void {
    this.#stop();
    this.#lost.abort(reason);
  }

  /** Why it was not renewed: one that was not even asked for, or is missed only long after, is missed by this process. */
  #ranOut(): TsmoltError {
    const { name, durationMs } = this.#terms;
    const stoodStill = !this.#unanswered || performance.now() - this.#endsAt > durationMs / 10;
    const why = stoodStill
      ? 'this process, or its machine, stood still'
      : 'the staging database did not answer in time';
    return new TsmoltError('TSM2007', {
      message: `the lease of ${name} ran out: ${why}`,
      advice: 'It is asked for again.',
    });
  }

  #stop(): void {
    this.#released = true;
    clearTimeout(this.#renewal);
    clearTimeout(this.#deadline);
  }
}

/** What a process hears that was stopped, or cut off, for longer than its lease lasts. */
export function takenOver(name: string): TsmoltError {
  return new TsmoltError('TSM7003', {
    message: `the lease of ${name} is not this process's any more: another one took over while this one was stopped or cut off, and nothing was written since`,
    advice:
      'Nothing is lost: the other process goes on from the checkpoint. Start this one again to have it stand by.',
  });
}

function query({ pool, name }: LeaseTerms, sql: string, values: unknown[]): Promise<QueryResult> {
  return pool.use(`holding the lease ${name}`, (client) => client.query(sql, values));
}
