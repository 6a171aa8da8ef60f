import type pg from 'pg';
import { hlcText, secondsText } from './hlc.js';
import type { Moment } from './hlc.js';
import type { PostgresServer } from './server-connection.js';
import type { ServerError } from './wire/messages.js';

/** A moment at which a transaction reads. */
export interface ReadTime {
  readonly hlc: string;
  /** PostgreSQL's name of the snapshot that all readers of this moment share; `undefined` for a moment of their own. */
  readonly snapshot: string | undefined;
}

export type ReadTimeAnswer = ReadTime | { readonly refused: ServerError };

interface Holder {
  readonly database: string;
  readonly opened: Promise<{ readonly client: pg.Client; readonly snapshot: string }>;
  readonly expiry: NodeJS.Timeout;
}

const mostHolders = 30;

export interface TimeTravelOptions {
  /** How long a moment can be read at, counted from its first use. */
  readonly holdMinutes: number;
  /** CockroachDB's gc.ttlseconds. */
  readonly gcTtlSeconds: number;
  /** Whether somebody keeps rows of this moment from being collected. @param nanos since 1970 */
  readonly isProtected: (nanos: bigint) => boolean;
}

/**
 * Reading in the past, as far as PostgreSQL can: everybody who asks for one and the same timestamp reads one and the same
 * snapshot. The limit: that snapshot is taken when the timestamp is first *used*, not at the timestamp. Rows committed in
 * between are seen, on all connections alike. A relative time ('-10s') reads the present, repeatably.
 */
export class TimeTravel {
  readonly #server: PostgresServer;
  readonly #options: TimeTravelOptions;
  readonly #holders = new Map<string, Holder>();

  constructor(server: PostgresServer, options: TimeTravelOptions) {
    this.#server = server;
    this.#options = options;
  }

  /** @param now PostgreSQL's clock in nanoseconds */
  async readTime(database: string, moment: Moment, now: bigint): Promise<ReadTimeAnswer> {
    const nanos = moment.kind === 'fixed' ? moment.nanos : now + moment.nanos;
    const hlc = hlcText(nanos, moment.kind === 'fixed' ? moment.logical : 0);
    if (nanos > now) return { refused: inTheFuture(nanos, now) };
    const threshold = now - BigInt(this.#options.gcTtlSeconds) * 1_000_000_000n;
    if (nanos <= threshold && !this.#options.isProtected(nanos))
      return { refused: collected(nanos, threshold) };
    if (moment.kind === 'relative') return { hlc, snapshot: undefined };
    return { hlc, snapshot: await this.#snapshotAt(database, hlc) };
  }

  /** Lets go of the snapshots of a database, so that it can be dropped. */
  async forget(database: string): Promise<void> {
    const keys = [...this.#holders].filter(([, holder]) => holder.database === database).map(([key]) => key);
    await Promise.all(keys.map((key) => this.#drop(key)));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#holders.keys()].map((key) => this.#drop(key)));
  }

  async #snapshotAt(database: string, hlc: string): Promise<string> {
    const key = `${hlc} ${database}`;
    const known = this.#holders.get(key);
    if (known !== undefined) return (await known.opened).snapshot;
    const oldest = this.#holders.keys().next();
    if (this.#holders.size >= mostHolders && oldest.done !== true) await this.#drop(oldest.value);
    const expiry = setInterval(() => this.#expire(key, hlc), this.#options.holdMinutes * 60_000);
    expiry.unref();
    const opened = this.#hold(database);
    this.#holders.set(key, { database, opened, expiry });
    opened.catch(() => this.#holders.delete(key));
    return (await opened).snapshot;
  }

  async #hold(database: string): Promise<{ client: pg.Client; snapshot: string }> {
    const client = await this.#server.open(database);
    await client.query('SET idle_in_transaction_session_timeout = 0');
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const exported = await client.query<{ snapshot: string }>('SELECT pg_export_snapshot() AS snapshot');
    return { client, snapshot: exported.rows[0]?.snapshot ?? '' };
  }

  #expire(key: string, hlc: string): void {
    if (!this.#options.isProtected(BigInt(hlc.split('.')[0] ?? '0'))) void this.#drop(key);
  }

  async #drop(key: string): Promise<void> {
    const holder = this.#holders.get(key);
    if (holder === undefined) return;
    this.#holders.delete(key);
    clearInterval(holder.expiry);
    const opened = await holder.opened.catch(() => undefined);
    await opened?.client.end().catch(() => undefined);
  }
}

function inTheFuture(nanos: bigint, now: bigint): ServerError {
  const message = `AS OF SYSTEM TIME: cannot specify timestamp in the future (${secondsText(nanos)},0 > ${secondsText(now)},0)`;
  return { sqlstate: 'XXUUU', message };
}

function collected(nanos: bigint, threshold: bigint): ServerError {
  const message = `batch timestamp ${secondsText(nanos)},0 must be after replica GC threshold ${secondsText(threshold)},0`;
  return { sqlstate: 'XXUUU', message };
}
