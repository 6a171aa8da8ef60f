import { createPool } from 'mysql2';
import type { Pool, PoolConnection } from 'mysql2';
import { classify } from '../errors.js';
import { breakConnection } from './connection-end.js';
import type { MysqlServer } from './mysql-server.js';
import { sessionOf } from './session.js';
import type { MysqlSession } from './session.js';
import { sessionSettings } from './session-settings.js';

export interface MysqlSessionPoolOptions {
  readonly server: MysqlServer;
  readonly maxConnections: number;
  /** Runs once on each new session after the settings that every session gets, before anybody has it: a snapshot. */
  readonly prepare?: (session: MysqlSession) => Promise<void>;
}

/** A session that the caller gives back itself, by exactly one of `release` and `destroy`. */
export interface MysqlSessionLease {
  readonly session: MysqlSession;
  /** For a session with no open statement and no open transaction of the caller's. */
  release(): void;
  /** Breaks the connection: what waits for it fails. The server notices when it next reads or writes. */
  destroy(): void;
}

/** A bounded set of prepared sessions. A session whose work failed is not used again. */
export class MysqlSessionPool {
  readonly #pool: Pool;
  readonly #options: MysqlSessionPoolOptions;
  readonly #prepared = new WeakSet<PoolConnection>();
  readonly #leased = new Set<PoolConnection>();
  #closed: Promise<void> | undefined;

  constructor(options: MysqlSessionPoolOptions) {
    this.#options = options;
    const { maxConnections } = options;
    this.#pool = createPool({
      ...options.server.config,
      connectionLimit: maxConnections,
      maxIdle: maxConnections,
    });
  }

  /**
   * Runs `work` with a session of its own.
   *
   * @param subject what is being done, for the error
   * @throws TsmoltError
   */
  async use<Result>(subject: string, work: (session: MysqlSession) => Promise<Result>): Promise<Result> {
    const lease = await this.lease(subject);
    try {
      const result = await work(lease.session);
      lease.release();
      return result;
    } catch (thrown) {
      lease.destroy();
      throw classify(thrown, this.#options.server.url, subject);
    }
  }

  /** @throws TsmoltError */
  async lease(subject: string): Promise<MysqlSessionLease> {
    try {
      const connection = await this.#connection();
      return {
        session: sessionOf(connection),
        release: () => {
          this.#leased.delete(connection);
          connection.release();
        },
        destroy: () => {
          this.#leased.delete(connection);
          breakConnection(connection);
        },
      };
    } catch (thrown) {
      throw classify(thrown, this.#options.server.url, subject);
    }
  }

  /** Ends every connection, those in use included. Safe to call twice. */
  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      for (const connection of this.#leased) breakConnection(connection);
      this.#leased.clear();
      // A connection that cannot be ended politely is gone already.
      this.#pool.end(() => resolve());
    });
    return this.#closed;
  }

  async #connection(): Promise<PoolConnection> {
    const connection = await this.#unprepared();
    this.#leased.add(connection);
    if (this.#prepared.has(connection)) return connection;
    try {
      await this.#prepare(sessionOf(connection));
      this.#prepared.add(connection);
      return connection;
    } catch (thrown) {
      this.#leased.delete(connection);
      breakConnection(connection);
      throw thrown;
    }
  }

  #unprepared(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((error, connection) => {
        if (error === null) resolve(connection);
        else reject(error);
      });
    });
  }

  async #prepare(session: MysqlSession): Promise<void> {
    for (const statement of sessionSettings(this.#options.server.capabilities))
      await session.query(statement);
    await this.#options.prepare?.(session);
  }
}
