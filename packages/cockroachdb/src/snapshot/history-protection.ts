import type { Hlc, Logger, SnapshotOptions } from '@tsmolt/core';
import { quoteLiteral } from '@tsmolt/pgwire';
import type { SessionPool } from '@tsmolt/pgwire';

const description = 'tsmolt fetch data export';

export interface ProtectionOptions {
  readonly pool: SessionPool;
  readonly logger: Logger;
  readonly durations: SnapshotOptions['protection'];
}

/**
 * Keeps the rows of a moment from being collected as garbage: a job of the cluster that ends by itself when nobody extends
 * it any more. Source: `crdb_internal.protect_mvcc_history` of CockroachDB v24.1 and later.
 */
export class HistoryProtection {
  readonly job: string;
  readonly #options: ProtectionOptions;
  readonly #timer: NodeJS.Timeout;
  #extending: Promise<void> = Promise.resolve();

  private constructor(job: string, options: ProtectionOptions) {
    this.job = job;
    this.#options = options;
    this.#timer = setInterval(() => {
      this.#extending = this.#extend();
    }, options.durations.refreshMs);
    // It must not keep a program alive that has forgotten to close its snapshot.
    this.#timer.unref();
  }

  /** @returns a warning where the server has no such function, or the user must not call it */
  static async start(
    at: Hlc,
    options: ProtectionOptions,
  ): Promise<{ readonly protection: HistoryProtection } | { readonly warning: string }> {
    const seconds = Math.ceil(options.durations.durationMs / 1000);
    try {
      const { rows } = await options.pool.use('protecting the snapshot from garbage collection', (client) =>
        client.query<{ job: string }>(
          `SELECT crdb_internal.protect_mvcc_history(${at.toString()}::DECIMAL, '${seconds}s'::INTERVAL, ${quoteLiteral(description)}) AS job`,
        ),
      );
      return { protection: new HistoryProtection(rows[0]?.job ?? '', options) };
    } catch (thrown) {
      return { warning: unprotected(thrown instanceof Error ? thrown.message : String(thrown)) };
    }
  }

  /** Ends the protection at once, or leaves it to end by itself when its time is over. */
  async stop(how: 'cancel' | 'let it run out'): Promise<void> {
    clearInterval(this.#timer);
    await this.#extending;
    const { pool, logger } = this.#options;
    if (how === 'let it run out') return;
    try {
      await pool.use('ending the protection of the snapshot', (client) =>
        client.query(`CANCEL JOB ${this.job}`),
      );
    } catch (thrown) {
      logger.warn(
        { job: this.job, err: thrown },
        `the protection of the snapshot could not be ended: CANCEL JOB ${this.job}, or wait until it ends by itself`,
      );
    }
  }

  async #extend(): Promise<void> {
    const { pool, logger } = this.#options;
    try {
      await pool.use('extending the protection of the snapshot', (client) =>
        client.query(`SELECT crdb_internal.extend_mvcc_history_protection(${this.job})`),
      );
    } catch (thrown) {
      logger.warn(
        { job: this.job, err: thrown },
        'the protection of the snapshot could not be extended: if this goes on, its rows will be collected before the export ends',
      );
    }
  }
}

function unprotected(reason: string): string {
  return (
    `the rows of the snapshot are not protected from garbage collection (${reason}): an export that takes longer than ` +
    'gc.ttlseconds will fail. Raise it before, for example with ALTER DATABASE ... CONFIGURE ZONE USING gc.ttlseconds = 86400'
  );
}
