import type { ClientBase, ClientConfig } from 'pg';
import { asTsmoltError, stoppedOnRequest, TsmoltError } from '@tsmolt/core';
import type { ApplyOptions, ApplyTarget, ApplyTransaction, ConnectionUrl } from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';
import type { ApplyDialect } from './apply-dialect.js';
import { ApplySession, PgwireApplyTransaction } from './apply-transaction.js';
import { stopOnAbort } from './stop-statement.js';

export interface ApplyTargetOptions {
  readonly pool: SessionPool;
  readonly url: ConnectionUrl;
  /** How the pool connects: cancelling a statement takes another connection. */
  readonly config: ClientConfig;
  readonly dialect: ApplyDialect;
}

/**
 * Applies changes to PostgreSQL and CockroachDB. Values travel as arrays of text, one for each column, so that one prepared
 * statement serves batches of any length; the server parses them as it would parse a literal.
 */
export class PgwireApplyTarget implements ApplyTarget {
  readonly #options: ApplyTargetOptions;
  readonly #sessions = new WeakMap<ClientBase, ApplySession>();

  constructor(options: ApplyTargetOptions) {
    this.#options = options;
  }

  async transaction<Result>(
    work: (transaction: ApplyTransaction) => Promise<Result>,
    options: ApplyOptions,
  ): Promise<Result> {
    const { pool, url, config, dialect } = this.#options;
    if (options.signal.aborted) throw stoppedOnRequest();
    const lease = await pool.lease('applying changes');
    const transaction = new PgwireApplyTransaction(this.#sessionOf(lease.client), { url, dialect, options });
    const stopping = stopOnAbort(lease.client, config, options.signal);
    try {
      await transaction.run(beginning(options, dialect));
      const result = await work(transaction);
      if (transaction.failure !== undefined) throw transaction.failure;
      // From here on the outcome is the server's to tell: whoever wants to stop waits for it.
      stopping.stop();
      await commit(transaction);
      lease.release();
      return result;
    } catch (thrown) {
      stopping.stop();
      const usable = !options.signal.aborted && (await rolledBack(lease.client));
      if (usable) lease.release();
      else lease.destroy();
      throw thrown;
    }
  }

  #sessionOf(client: ClientBase): ApplySession {
    const session = this.#sessions.get(client) ?? new ApplySession(client);
    this.#sessions.set(client, session);
    return session;
  }
}

function beginning({ timeoutMs, lazy }: ApplyOptions, dialect: ApplyDialect): string {
  const timeout = `SET LOCAL statement_timeout = ${Math.max(0, Math.ceil(timeoutMs))}`;
  const settings = [timeout, dialect.beginning, lazy === true ? dialect.lazyCommit : undefined];
  return ['BEGIN', ...settings.filter((setting) => setting !== undefined)].join('; ');
}

async function commit(transaction: PgwireApplyTransaction): Promise<void> {
  let command: string;
  try {
    ({ command } = await transaction.run('COMMIT'));
  } catch (thrown) {
    throw orUnknownOutcome(asTsmoltError(thrown));
  }
  // A transaction that has failed is rolled back by COMMIT, and the server calls that a success.
  if (command !== 'COMMIT')
    throw new TsmoltError('TSM9001', {
      message: `applying changes: the server answered ${command} to COMMIT, and nothing was committed`,
      advice:
        'Look for a userscript that goes on after a statement has failed, or that ends the transaction.',
    });
}

function orUnknownOutcome(error: TsmoltError): TsmoltError {
  if (error.code !== 'TSM2007') return error;
  return new TsmoltError('TSM4007', {
    message: `${error.message}; the server may or may not have committed the changes`,
    advice: 'Start again: the checkpoint in the staging schema tells what was committed.',
    cause: error,
  });
}

async function rolledBack(client: ClientBase): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}
