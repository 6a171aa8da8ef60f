import type {
  Database,
  Logger,
  NameFilter,
  RetryPolicy,
  StagingStore,
  TableName,
  UnrepresentablePolicy,
} from '@tsmolt/core';
import type { ChangeScript } from './script.js';
import type { ReplicationState } from './replication-state.js';
import type { ReplicationMetrics } from './replication-metrics.js';

/** What happens at a TRUNCATE of the source (`--onTruncate`). */
export const truncatePolicies = ['pause', 'apply', 'ignore'] as const;
export type TruncatePolicy = (typeof truncatePolicies)[number];

/** What happens at a change of a table's definition (`--onDDL`); `check` goes on where the target fits it already. */
export const ddlPolicies = ['pause', 'check', 'ignore'] as const;
export type DdlPolicy = (typeof ddlPolicies)[number];

/** What happens where nothing identifies the rows of a table (`--onMissingKey`); `ignore` leaves the table out. */
export const missingKeyPolicies = ['pause', 'ignore'] as const;
export type MissingKeyPolicy = (typeof missingKeyPolicies)[number];

/** When queued changes are written. Whole transactions of the source stay together. */
export interface FlushLimits {
  /** Rows (`--flushSize`). */
  readonly rows: number;
  /** Milliseconds after the first row (`--flushPeriod`). */
  readonly periodMs: number;
  /** Transactions of the source (`--timestampLimit`). */
  readonly transactions: number;
  /** Bytes of one batch. A transaction that is larger is written piece by piece, inside one transaction of the target. */
  readonly bytes: number;
}

export interface ReplicationOptions {
  readonly source: Database;
  readonly target: Database;
  readonly staging: StagingStore;
  readonly filter: NameFilter;
  /** The schema of the target that changes go to (`--targetSchema`). */
  readonly targetSchema: string;
  /** The key of the checkpoint in the staging schema's memo. */
  readonly memoKey: string;
  /** How the log names a table of the target: `"molt"."public"."tbl1"`. */
  readonly targetLabel: (name: TableName) => string;
  /** What the log says before a position that was reached. */
  readonly progressMessage: string;
  /** Where a stream starts that has no checkpoint yet (`--defaultGTIDSet`); undefined where the server remembers. */
  readonly startAt?: string;
  readonly slot?: string;
  readonly publication?: string;
  readonly processId?: number;
  readonly fetchMetadata: boolean;
  /**
   * Large transactions are taken while they run, and lie in staging until they end (`--streamLargeTransactions`). Off unless
   * asked for: PostgreSQL 18 was seen to fail at DDL in savepoints that were rolled back, which it does not without.
   */
  readonly streamLargeTransactions: boolean;
  /** What the source may use to put large transactions together (`--decodingMemory`), where these do not come while they run. */
  readonly decodingBytes: number;
  readonly unrepresentable: UnrepresentablePolicy;
  /** How often the source is told what is durable (`--standbyTimeout`). */
  readonly acknowledgeEveryMs: number;
  readonly flush: FlushLimits;
  /** Batches that wait for the target (`--targetApplyQueueSize`). */
  readonly queuedBatches: number;
  readonly collapse: boolean;
  /** Groups of tables without foreign keys between them are written at the same time (`--enableParallelApplies`). */
  readonly parallelApplies: boolean;
  readonly parallelism: number;
  readonly applyTimeoutMs: number;
  /** Statements that a connection keeps prepared (`--targetStatementCacheSize`). */
  readonly statementCacheSize: number;
  readonly retry: RetryPolicy;
  /** Attempts of a change that waits in staging, before it becomes a dead letter (`--maxRetries`). */
  readonly maxRetries: number;
  /** How often changes that wait are tried again (`--quiescentPeriod`). */
  readonly quiescentMs: number;
  readonly schemaRefreshMs: number;
  readonly retireAfterMs: number;
  readonly deadLetterTable: string;
  readonly onTruncate: TruncatePolicy;
  readonly onDdl: DdlPolicy;
  readonly onMissingKey: MissingKeyPolicy;
  /** Events that are no rows are passed over up to this position: a person has dealt with them (`--acceptUpTo`). */
  readonly acceptUpTo?: string;
  /** Ends when everything up to this position is on the target: a position, or `now` (`--until`). */
  readonly until?: string;
  readonly script?: ChangeScript;
  readonly logger: Logger;
  readonly metrics: ReplicationMetrics;
  readonly state: ReplicationState;
  /** Fired once it drains: what was read whole is still written (`SIGTERM`). */
  readonly drain: AbortSignal;
  /** Fired, it stops at once. */
  readonly signal: AbortSignal;
}
