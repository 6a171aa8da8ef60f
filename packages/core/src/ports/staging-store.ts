import type { TableName } from '../names.js';
import type { ApplyTransaction } from './apply-target.js';
import type { TransactionSpill } from './transaction-spill.js';

/** A change that waits: for its parent, for its turn behind another one of its row, or for a person. */
export interface StagedMutation {
  /** The order in which changes were staged. Given by the store. */
  readonly sequence: string;
  readonly table: TableName;
  /** The key's values as a JSON array of texts. */
  readonly key: string;
  readonly kind: 'upsert' | 'update' | 'delete';
  /** Column to text; what was not sent is not there. */
  readonly after: Readonly<Record<string, string | null>>;
  readonly before?: Readonly<Record<string, string | null>>;
  readonly oldKey?: Readonly<Record<string, string | null>>;
  /** Position and time of its transaction on the source. */
  readonly position: string;
  readonly committedAt: number;
  readonly attempts: number;
  readonly reason: string;
}

/** A change that was given up after its retries. */
export interface DeadLetter extends Omit<StagedMutation, 'sequence'> {
  readonly id: string;
  readonly parkedAt: Date;
}

/** Held by one process at a time, and kept alive by this object. */
export interface Lease {
  /** Fired when it was lost: whatever needs it must stop at once. Its reason is a `TsmoltError` that says why. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** What is remembered under a name: checkpoints above all. */
export interface Memos {
  loadMemo(key: string): Promise<string | undefined>;
  /** All there are. */
  memos(): Promise<ReadonlyMap<string, string>>;
  /**
   * A memo that is named as a lease of this process is fenced: it is saved only while the lease is held, and `fence` need not
   * be called for the transaction that it is saved in. Once it was loaded, it goes on from what was loaded and saved since:
   * work that is repeated because nobody knows what became of its COMMIT is never done twice.
   *
   * @throws TsmoltError `TSM7003` where another process has taken the lease of that name; `TSM4003` where a transaction of
   *   this process that it knew nothing about has saved the memo meanwhile: load it again
   */
  saveMemo(key: string, value: string, within?: ApplyTransaction): Promise<void>;
}

/** Changes that wait, in the order in which they were staged. */
export interface StagedChanges {
  stage(mutations: readonly Omit<StagedMutation, 'sequence'>[], within?: ApplyTransaction): Promise<void>;
  /** Those of all tables that wait, oldest first, at most `limit`, after a sequence. */
  waiting(limit: number, after?: string): Promise<readonly StagedMutation[]>;
  /** By table: how many wait, and the time of the oldest one's commit. */
  backlog(): Promise<readonly { table: TableName; waiting: number; oldest: number }[]>;
  /** Within a transaction it is fenced, as by `fence`. */
  markApplied(mutations: readonly StagedMutation[], within?: ApplyTransaction): Promise<void>;
  /** Notes another failed attempt. */
  markFailed(mutation: StagedMutation, reason: string): Promise<void>;
  /** Forgets what was applied longer ago than that (`--retireOffset`). @returns rows */
  retire(olderThanMs: number): Promise<number>;
}

/** One process at a time does what is named by a lease. */
export interface Leases {
  /**
   * Resolves to undefined while another process holds the lease.
   *
   * @throws TsmoltError `TSM7003` where this process held it, and another one has it now
   */
  acquireLease(name: string): Promise<Lease | undefined>;
  /**
   * The last thing before a commit. Within a transaction of the target no other process can take a lease of this one until
   * the transaction has ended. Without one it can: what it promises is that this process had its leases a moment ago, by
   * the database's word and by its own clock.
   *
   * @throws TsmoltError `TSM7003` where another process has taken a lease of this one; of kind `retry` where one ran out
   */
  fence(within?: ApplyTransaction): Promise<void>;
}

/**
 * The replicator's memory, in a schema of its own, with tables that are named as the reference's.
 *
 * Guarantees: what a resolved promise of this port wrote survives a crash of every process; mutations of one row come
 * back in the order in which they were staged; a lease is held by one process at a time. Where a method takes a
 * transaction it becomes durable with it, provided that `sharesTransactions`.
 */
export interface StagingStore extends Memos, StagedChanges, Leases {
  /** Whether this schema lies where transactions of the target can write to it. */
  readonly sharesTransactions: boolean;
  /** For the changes that a stream reads before they are committed. Only who holds the lease of the stream may use it. */
  transactionSpill(stream: string): TransactionSpill;
  close(): Promise<void>;
}

/** Changes that could not be applied, in a table of the target for people to look at (`--dlqTableName`). */
export interface DeadLetters {
  park(mutation: StagedMutation, within?: ApplyTransaction): Promise<void>;
  /** Newest last. */
  list(limit: number): Promise<readonly DeadLetter[]>;
  find(id: string): Promise<DeadLetter | undefined>;
  /** Takes it away: it was applied after all, or a person decided that it never will be. */
  remove(id: string, within?: ApplyTransaction): Promise<void>;
}
