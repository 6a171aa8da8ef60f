import type {
  Database,
  Logger,
  MemoryBudget,
  NameFilter,
  ObjectStore,
  RetryPolicy,
  RowFilters,
  Transformations,
  TypeMap,
  UnrepresentablePolicy,
} from '@tsmolt/core';
import type { FetchEvent } from './events.js';
import type { FetchMetrics } from './fetch-metrics.js';

/** MOLT's `--table-handling` values. */
export const tableHandlings = ['none', 'truncate-if-exists', 'drop-on-target-and-recreate'] as const;
export type TableHandling = (typeof tableHandlings)[number];

/** MOLT's `--mode` values (those that are not deprecated). */
export const fetchModes = ['data-load', 'export-only', 'import-only'] as const;
export type FetchMode = (typeof fetchModes)[number];

/** `--compression` */
export const compressions = ['gzip', 'none'] as const;
export type Compression = (typeof compressions)[number];

/** What to do when a fetch is continued whose snapshot is gone and whose source has changed since. */
export const lostSnapshotPolicies = ['fail', 'restart'] as const;
export type LostSnapshotPolicy = (typeof lostSnapshotPolicies)[number];

/** How rows travel: straight from server to server, or through files. */
export type Route = { readonly kind: 'direct' } | FilesRoute;

export interface FilesRoute {
  readonly kind: 'files';
  readonly store: ObjectStore;
  /** COPY sends the files' rows; IMPORT INTO has the server read the files. */
  readonly load: 'copy' | 'import';
  readonly compression: Compression;
  /** A file ends with the row that reaches one of the two. */
  readonly flush: { readonly rows: number; readonly bytes: number };
  /** Files in one import. */
  readonly importBatchSize: number;
  /** Delete the files after the load. */
  readonly cleanup: boolean;
}

/** Which fetch is continued, and which part of it. */
export interface Continuation {
  /** Continue only the table of this token. */
  readonly token?: string;
  /** The user's idea of where the load stopped: files before it must be loaded. */
  readonly fileName?: string;
  readonly lostSnapshot: LostSnapshotPolicy;
}

export interface FetchOptions {
  /** `performance.now()` when the run began. */
  readonly startedAt: number;
  readonly mode: FetchMode;
  readonly source: Database;
  /** Absent only for `export-only`. */
  readonly target: Database;
  /** A UUID: names this run in logs, reports and status tables. */
  readonly fetchId: string;
  /** Set when `fetchId` names an earlier fetch that is to go on. */
  readonly continuation?: Continuation;
  readonly filter: NameFilter;
  readonly caseSensitive: boolean;
  readonly skipPrimaryKeyCheck: boolean;
  readonly tableHandling: TableHandling;
  /** `--transformations-file` */
  readonly transformations?: Transformations;
  /** `--type-map-file` */
  readonly typeMap?: TypeMap;
  /** `--filter-path` */
  readonly rowFilters?: RowFilters;
  /** Leave tables out, and say so, that have no primary key or one of another collation on the target. */
  readonly skipUnmigratableTables?: boolean;
  readonly route: Route;
  /** Tables at a time. */
  readonly tableConcurrency: number;
  /** Shards at a time for each table. */
  readonly exportConcurrency: number;
  /** Rows of a shard that are exported by one statement, about; in a direct copy they are one transaction on the target. */
  readonly rowBatchSize: number;
  readonly useStatsBasedSharding: boolean;
  readonly ignoreReplicationCheck: boolean;
  readonly replication?: { readonly slot: string; readonly recreate: boolean };
  readonly unrepresentable: UnrepresentablePolicy;
  /** How long a CockroachDB source protects the snapshot's rows, and how often that is renewed. */
  readonly protection: { readonly durationMs: number; readonly refreshMs: number };
  /** Hash all rows on both servers at the end. */
  readonly checksum: boolean;
  readonly retry: RetryPolicy;
  readonly memory: MemoryBudget;
  readonly logger: Logger;
  readonly metrics: FetchMetrics;
  readonly signal: AbortSignal;
  readonly onEvent: (event: FetchEvent) => void;
  /** Asked before anything on the target is destroyed; resolves to false to stop there. */
  readonly confirm: (question: string) => Promise<boolean>;
}
