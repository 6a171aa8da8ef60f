import type {
  ApplyTransaction,
  Lease,
  StagedMutation,
  StagingOptions,
  StagingStore,
  TableName,
  TransactionSpill,
} from '@tsmolt/core';
import type { SessionPool } from '../session-pool.js';
import { HeldLeases } from './held-leases.js';
import { spillName } from './layout.js';
import { PgwireMemos } from './memos.js';
import { PgwireStagedChanges } from './staged-changes.js';
import { StagingDatabase } from './staging-database.js';
import type { StagingPlace } from './staging-place.js';
import { ofAnotherProcess, prepareSchema, prepareSpill, prepareTables } from './staging-schema.js';
import { StagingTables } from './staging-tables.js';
import { proveSharing } from './transaction-proof.js';
import { PgwireTransactionSpill } from './transaction-spill.js';

export interface StoreParts {
  readonly pool: SessionPool;
  readonly leases: SessionPool;
  readonly place: StagingPlace;
  readonly database: string;
  readonly leaseMs: number;
  readonly hasUnloggedTables: boolean;
}

/** The staging schema of PostgreSQL and CockroachDB alike: what its parts can, under one roof. */
export class PgwireStagingStore implements StagingStore {
  readonly #parts: StoreParts;
  readonly #database: StagingDatabase;
  readonly #leases: HeldLeases;
  readonly #memos: PgwireMemos;
  readonly #tables: StagingTables;
  readonly #changes: PgwireStagedChanges;

  constructor(parts: StoreParts) {
    const { pool, place, leases, leaseMs: durationMs, database: databaseName } = parts;
    const database = new StagingDatabase(pool, place);
    this.#parts = parts;
    this.#database = database;
    this.#leases = new HeldLeases({ database, pool: leases, durationMs });
    this.#memos = new PgwireMemos(database, this.#leases);
    this.#tables = new StagingTables(database);
    this.#changes = new PgwireStagedChanges({
      database,
      tables: this.#tables,
      leases: this.#leases,
      databaseName,
    });
  }

  async prepare({ create, target }: StagingOptions): Promise<void> {
    const { place, hasUnloggedTables } = this.#parts;
    await this.#database.use(async (client) => {
      try {
        await prepareSchema(client, place, create);
        await prepareTables(client, place);
        await prepareSpill(client, place, hasUnloggedTables);
      } catch (thrown) {
        ofAnotherProcess(thrown);
      }
    });
    await this.#tables.all();
    this.#database.sharesTransactions = await proveSharing(this.#memos, target);
  }

  get sharesTransactions(): boolean {
    return this.#database.sharesTransactions;
  }

  loadMemo(key: string): Promise<string | undefined> {
    return this.#memos.loadMemo(key);
  }

  memos(): Promise<ReadonlyMap<string, string>> {
    return this.#memos.memos();
  }

  saveMemo(key: string, value: string, within?: ApplyTransaction): Promise<void> {
    return this.#memos.saveMemo(key, value, within);
  }

  stage(mutations: readonly Omit<StagedMutation, 'sequence'>[], within?: ApplyTransaction): Promise<void> {
    return this.#changes.stage(mutations, within);
  }

  waiting(limit: number, after?: string): Promise<readonly StagedMutation[]> {
    return this.#changes.waiting(limit, after);
  }

  backlog(): Promise<readonly { table: TableName; waiting: number; oldest: number }[]> {
    return this.#changes.backlog();
  }

  markApplied(mutations: readonly StagedMutation[], within?: ApplyTransaction): Promise<void> {
    return this.#changes.markApplied(mutations, within);
  }

  markFailed(mutation: StagedMutation, reason: string): Promise<void> {
    return this.#changes.markFailed(mutation, reason);
  }

  retire(olderThanMs: number): Promise<number> {
    return this.#changes.retire(olderThanMs);
  }

  acquireLease(name: string): Promise<Lease | undefined> {
    return this.#leases.acquireLease(name);
  }

  fence(within?: ApplyTransaction): Promise<void> {
    return this.#leases.fence(within);
  }

  transactionSpill(stream: string): TransactionSpill {
    return new PgwireTransactionSpill({
      stream,
      table: this.#database.quote(spillName),
      use: (work) => this.#database.use(work),
    });
  }

  async close(): Promise<void> {
    await this.#leases.release();
    await Promise.all([this.#parts.pool.close(), this.#parts.leases.close()]);
  }
}
