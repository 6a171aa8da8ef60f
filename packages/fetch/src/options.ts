import type { Database, Logger, NameFilter, ObjectStore, RetryPolicy } from '@tsmolt/core';
import type { FetchEvent } from './events.js';
import type { FetchMetrics } from './fetch-metrics.js';

/** MOLT's `--table-handling` values. */
export const tableHandlings = ['none', 'truncate-if-exists', 'drop-on-target-and-recreate'] as const;
export type TableHandling = (typeof tableHandlings)[number];

/** How rows travel: straight from server to server, or through files that COPY loads. */
export type Route =
  | { readonly kind: 'direct' }
  | { readonly kind: 'files'; readonly store: ObjectStore; readonly cleanup: boolean };

export interface FetchOptions {
  readonly source: Database;
  readonly target: Database;
  /** A UUID: names this run in logs and reports. */
  readonly fetchId: string;
  readonly filter: NameFilter;
  readonly caseSensitive: boolean;
  readonly skipPrimaryKeyCheck: boolean;
  readonly tableHandling: TableHandling;
  readonly route: Route;
  /** Tables at a time. */
  readonly tableConcurrency: number;
  /** Shards at a time for each table. */
  readonly exportConcurrency: number;
  /** Rows of a shard that travel in one transaction, about. */
  readonly rowBatchSize: number;
  readonly useStatsBasedSharding: boolean;
  readonly ignoreReplicationCheck: boolean;
  readonly replication?: { readonly slot: string; readonly recreate: boolean };
  /** Hash all rows on both servers at the end. */
  readonly checksum: boolean;
  readonly retry: RetryPolicy;
  readonly logger: Logger;
  readonly metrics: FetchMetrics;
  readonly signal: AbortSignal;
  readonly onEvent: (event: FetchEvent) => void;
  /** Asked before anything on the target is destroyed; resolves to false to stop there. */
  readonly confirm: (question: string) => Promise<boolean>;
}
