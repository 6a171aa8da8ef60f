import type { Database, Logger, NameFilter, RowFilters, Transformations } from '@tsmolt/core';
import type { VerifyMetrics } from './verify-metrics.js';

export interface VerifyOptions {
  readonly source: Database;
  readonly target: Database;
  readonly filter: NameFilter;
  readonly caseSensitive: boolean;
  readonly transformations?: Transformations;
  readonly rowFilters?: RowFilters;
  /** Statements at a time on each server (`--concurrency`). */
  readonly concurrency: number;
  /** Rows that one statement hashes, about (`--row-batch-size`). */
  readonly rowBatchSize: number;
  /** Milliseconds that a statement may take before it is cancelled and its rows are divided; 0 for no limit. */
  readonly statementTimeoutMs: number;
  /** Differing rows of a table that are named; the counts are always whole. */
  readonly namedRows: number;
  /** Values in reports are replaced by a hash. */
  readonly redactValues: boolean;
  /** The databases are written to meanwhile: rows that differ are read again before they are counted. */
  readonly live?: LiveOptions;
  /** Write statements that make the target equal, and run them if that is wanted. */
  readonly repair?: RepairOptions;
  /** Where finished work is noted; where the file is there already, the run that it tells of is gone on with. */
  readonly stateFile?: string;
  readonly logger: Logger;
  readonly metrics: VerifyMetrics;
  readonly signal: AbortSignal;
}

export interface LiveOptions {
  /** How often a row that differs is read again, with growing waits, while its source stays as it is. */
  readonly retries: number;
  /** What moves the source's changes to the target; without it only time can tell whether a change is still on its way. */
  readonly replication?: Replication;
  /** How long it may take to bring a change to the target, in milliseconds; ten minutes unless given. */
  readonly replicationPatienceMs?: number;
}

/** What a verification asks of the replicator that keeps the target up to date. */
export interface Replication {
  /** The source's newest position: it lies behind every change that a reader of the source could see before the call. */
  sourcePosition(): Promise<string>;
  /** Whether all changes up to that position, and it, are visible on the target. */
  hasApplied(position: string): Promise<boolean>;
}

export interface RepairOptions {
  /** Must not exist yet. */
  readonly file: string;
  /** Run the statements, and look at their rows once more. */
  readonly apply: boolean;
}
