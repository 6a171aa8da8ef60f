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
  /** Differing rows of a table that are named; the counts are always whole. */
  readonly namedRows: number;
  /** Values in reports are replaced by a hash. */
  readonly redactValues: boolean;
  readonly logger: Logger;
  readonly metrics: VerifyMetrics;
  readonly signal: AbortSignal;
}
