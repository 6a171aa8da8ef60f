import type { Logger, NameFilterPatterns, RetryPolicy, UnrepresentablePolicy } from '@tsmolt/core';
import type {
  Compression,
  FetchEvent,
  FetchMetrics,
  FetchMode,
  LostSnapshotPolicy,
  TableHandling,
} from '@tsmolt/fetch';

/** What `tsmolt fetch` does, as a function. Everything that has a default may be left out; the defaults are MOLT's. */
export interface FetchRequest extends StorageRequest, ContinuationRequest {
  /** Connection string, for example `postgres://user:password@host:5432/database?sslmode=verify-full`. Not for `import-only`. */
  readonly source?: string;
  /** May be left out for `export-only`: such an export cannot be continued. */
  readonly target?: string;
  readonly mode?: FetchMode;
  readonly allowTlsModeDisable?: boolean;
  readonly filters?: NameFilterPatterns;
  readonly caseSensitive?: boolean;
  readonly skipPkCheck?: boolean;
  readonly skipUnmigratableTables?: boolean;
  readonly transformationsFile?: string;
  readonly typeMapFile?: string;
  readonly filterPath?: string;
  readonly tableHandling?: TableHandling;
  readonly tableConcurrency?: number;
  readonly exportConcurrency?: number;
  readonly rowBatchSize?: number;
  readonly useStatsBasedSharding?: boolean;
  readonly unrepresentableValues?: UnrepresentablePolicy;
  readonly ignoreReplicationCheck?: boolean;
  readonly replicationSlotName?: string;
  readonly dropAndRecreateSlot?: boolean;
  /** Milliseconds. */
  readonly crdbPtsDuration?: number;
  /** Milliseconds. */
  readonly crdbPtsRefreshInterval?: number;
  readonly checksum?: boolean;
  /** Bytes that all buffers may hold together. */
  readonly maxMemory?: number;
  readonly retry?: RetryPolicy;
  readonly logger?: Logger;
  readonly metrics?: FetchMetrics;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: FetchEvent) => void;
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** How rows travel. Credentials of cloud storage come from the environment. */
export interface StorageRequest {
  /** Straight from server to server. */
  readonly directCopy?: boolean;
  readonly bucketPath?: string;
  readonly localPath?: string;
  readonly localPathListenAddr?: string;
  readonly localPathCrdbAccessAddr?: string;
  readonly useImplicitAuth?: boolean;
  readonly assumeRole?: string;
  readonly importRegion?: string;
  /** Load the files with COPY FROM instead of IMPORT INTO. */
  readonly useCopy?: boolean;
  readonly compression?: Compression;
  readonly flushRows?: number;
  /** Bytes. */
  readonly flushSize?: number;
  readonly importBatchSize?: number;
  readonly cleanup?: boolean;
}

/** Which earlier fetch goes on. */
export interface ContinuationRequest {
  readonly fetchId?: string;
  readonly continuationToken?: string;
  readonly continuationFileName?: string;
  readonly ifSnapshotLost?: LostSnapshotPolicy;
}
