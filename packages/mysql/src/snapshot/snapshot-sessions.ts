import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl } from '@tsmolt/core';
import type { MysqlSessionLease } from '../connect/session-pool.js';
import type { MysqlSession } from '../connect/session.js';
import { classify } from '../errors.js';

/** A session of the snapshot that the borrower gives back itself, by exactly one of `release` and `drop`. */
export interface SnapshotLease {
  readonly session: MysqlSession;
  release(): void;
  /** For a session whose connection is gone. */
  drop(): void;
}

interface Waiting {
  readonly take: (lease: MysqlSessionLease) => void;
  readonly refuse: (error: TsmoltError) => void;
}

/**
 * The sessions that were opened at the snapshot's point. No other can join: a session that is lost is one fewer, and with
 * the last one the snapshot is gone.
 */
export class SnapshotSessions {
  readonly #url: ConnectionUrl;
  readonly #idle: MysqlSessionLease[];
  readonly #waiting: Waiting[] = [];
  #alive: number;

  constructor(url: ConnectionUrl, leases: readonly MysqlSessionLease[]) {
    this.#url = url;
    this.#idle = [...leases];
    this.#alive = leases.length;
  }

  /** @throws TsmoltError `TSM2009` when all sessions of the snapshot are lost */
  async lease(subject: string): Promise<SnapshotLease> {
    if (this.#alive === 0) throw this.#gone(subject);
    const lease = await new Promise<MysqlSessionLease>((take, reject) => {
      const refuse = (error: TsmoltError): void => reject(error.at(subject));
      const idle = this.#idle.shift();
      if (idle === undefined) this.#waiting.push({ take, refuse });
      else take(idle);
    });
    return {
      session: lease.session,
      release: () => this.#release(lease),
      drop: () => this.#drop(lease),
    };
  }

  /**
   * Runs `work` with a session of the snapshot. An error of the server's leaves the session and its snapshot as they are.
   *
   * @throws TsmoltError of kind `retry` for a lost connection while other sessions are left
   */
  async use<Result>(subject: string, work: (session: MysqlSession) => Promise<Result>): Promise<Result> {
    const lease = await this.lease(subject);
    try {
      const result = await work(lease.session);
      lease.release();
      return result;
    } catch (thrown) {
      throw this.giveBack(lease, thrown, subject);
    }
  }

  /** Gives a lease back whose work failed. @returns the error to throw */
  giveBack(lease: SnapshotLease, thrown: unknown, subject: string): TsmoltError {
    const error = classify(thrown, this.#url, subject);
    if (error.code !== 'TSM2007') {
      lease.release();
      return error;
    }
    lease.drop();
    return this.#alive > 0 ? error : this.#gone(subject, error);
  }

  #release(lease: MysqlSessionLease): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#idle.push(lease);
    else next.take(lease);
  }

  #drop(lease: MysqlSessionLease): void {
    lease.destroy();
    this.#alive -= 1;
    if (this.#alive > 0) return;
    for (const waiting of this.#waiting.splice(0)) waiting.refuse(this.#gone('waiting for a session'));
  }

  #gone(subject: string, cause?: TsmoltError): TsmoltError {
    return new TsmoltError('TSM2009', {
      message: `${subject}: the last session of the snapshot on ${this.#url.host} is lost${cause === undefined ? '' : ` (${cause.message})`}`,
      advice:
        'MySQL cannot open a snapshot at the same point again: run the same command again with --table-handling ' +
        'truncate-if-exists; where the network or the server ends long sessions, find out why first.',
      cause,
    });
  }
}
