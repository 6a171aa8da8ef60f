import pg from 'pg';
import type { ClientBase, ClientConfig, PoolClient } from 'pg';
import type { ConnectionUrl } from '@tsmolt/core';
import { classify } from './errors.js';

export interface SessionPoolOptions {
  readonly url: ConnectionUrl;
  readonly config: ClientConfig;
  readonly maxConnections: number;
  /** Runs once on each new connection, before anybody gets it: session settings, a snapshot. */
  readonly prepare: (client: ClientBase) => Promise<void>;
}

/** A bounded set of prepared connections. A connection whose work failed is not used again. */
export class SessionPool {
  readonly #pool: pg.Pool;
  readonly #options: SessionPoolOptions;
  #closed: Promise<void> | undefined;

  constructor(options: SessionPoolOptions) {
    this.#options = options;
    this.#pool = new pg.Pool({
      ...options.config,
      max: options.maxConnections,
      idleTimeoutMillis: 0,
      verify: (client, done) => void options.prepare(client).then(() => done(), done),
    });
    // A connection that breaks while it is idle is replaced when the next one is asked for.
    this.#pool.on('error', () => undefined);
    // While it is prepared nobody else listens, and what nobody hears of ends the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /**
   * Runs `work` with a connection of its own.
   *
   * @param subject what is being done, for the error
   * @throws TsmoltError
   */
  async use<T>(subject: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    const lease = await this.lease(subject);
    try {
      const result = await work(lease.client);
      lease.release();
      return result;
    } catch (thrown) {
      lease.destroy();
      throw classify(thrown, this.#options.url, subject);
    }
  }

  /** A connection that the caller gives back itself, by exactly one of `release` and `destroy`. */
  async lease(subject: string): Promise<SessionLease> {
    try {
      const client = await this.#pool.connect();
      // Without a listener, a server that goes away would end the process instead of the statement.
      const ignore = (): void => undefined;
      client.on('error', ignore);
      const give = (broken: boolean): void => {
        client.removeListener('error', ignore);
        client.release(broken);
      };
      return { client, release: () => give(false), destroy: () => give(true) };
    } catch (thrown) {
      throw classify(thrown, this.#options.url, subject);
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }
}

export interface SessionLease {
  readonly client: PoolClient;
  release(): void;
  destroy(): void;
}
