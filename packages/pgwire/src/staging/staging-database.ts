import type { ClientBase } from 'pg';
import { repeated } from '@tsmolt/core';
import type { ApplyTransaction } from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';
import type { StagingPlace } from './staging-place.js';
import { quoteStaged } from './staging-schema.js';

const subject = 'keeping the memory of the replication';

/** Runs a statement with bound values. @returns its rows */
export type Query = <Row extends object>(sql: string, values: readonly unknown[]) => Promise<readonly Row[]>;

/**
 * Statements on the staging schema, through connections of its own or within a transaction of the target.
 *
 * All work of its own connections gives the same result when it is repeated, also where the first attempt has happened
 * unseen: so it is, where a connection is lost.
 */
export class StagingDatabase {
  readonly place: StagingPlace;
  /** Whether transactions of the target can write to the schema; set once that is proved. */
  sharesTransactions = false;
  readonly #pool: SessionPool;

  constructor(pool: SessionPool, place: StagingPlace) {
    this.#pool = pool;
    this.place = place;
  }

  /** The whole name of a relation of the schema. */
  quote(name: string): string {
    return quoteStaged(this.place, name);
  }

  query<Row extends object>(sql: string, values: readonly unknown[]): Promise<readonly Row[]> {
    return this.use((client) => queryOf(client)<Row>(sql, values));
  }

  /** Statements of the transaction, or of their own where there is none. */
  through(within: ApplyTransaction | undefined): Query {
    if (within === undefined) return (sql, values) => this.query(sql, values);
    // Written apart from the transaction, a checkpoint could be ahead of what it stands for.
    if (!this.sharesTransactions)
      throw new Error('the staging schema takes no part in transactions of the target');
    return async <Row extends object>(sql: string, values: readonly unknown[]) =>
      (await within.query(sql, values)) as readonly Row[];
  }

  /** A transaction of its own. */
  transaction(work: (query: Query) => Promise<void>): Promise<void> {
    return this.use(async (client) => {
      await client.query('BEGIN');
      await work(queryOf(client));
      await client.query('COMMIT');
    });
  }

  use<Result>(work: (client: ClientBase) => Promise<Result>): Promise<Result> {
    return repeated(() => this.#pool.use(subject, work));
  }
}

function queryOf(client: ClientBase): Query {
  return async <Row extends object>(sql: string, values: readonly unknown[]) =>
    (await client.query<Row & Record<string, unknown>>(sql, [...values])).rows;
}
