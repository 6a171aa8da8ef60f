import type { Logger, NameFilterPatterns, UnrepresentablePolicy } from '@tsmolt/core';
import type {
  DdlPolicy,
  MissingKeyPolicy,
  ReplicationMetrics,
  ReplicationState,
  TruncatePolicy,
} from '@tsmolt/replicator';

/** Where the replicator keeps its memory. */
export interface StagingRequest {
  /** The target, unless given (`--stagingConn`). */
  readonly stagingConn?: string;
  /** `database.schema` (`--stagingSchema`). */
  readonly stagingSchema?: string;
  readonly stagingCreateSchema?: boolean;
}

/** What may be tuned, under the names of the flags (manual, "MOLT Replicator Commands and Flags"). Times in milliseconds. */
export interface ReplicationTuning {
  readonly slotName: string;
  readonly replicationProcessID: number;
  readonly flushSize: number;
  readonly flushPeriod: number;
  readonly timestampLimit: number;
  readonly standbyTimeout: number;
  readonly targetApplyQueueSize: number;
  readonly collapseMutations: boolean;
  readonly enableParallelApplies: boolean;
  readonly parallelism: number;
  readonly applyTimeout: number;
  readonly targetStatementCacheSize: number;
  readonly retryInitialBackoff: number;
  readonly retryMultiplier: number;
  readonly retryMaxBackoff: number;
  readonly maxRetries: number;
  readonly quiescentPeriod: number;
  readonly schemaRefresh: number;
  readonly retireOffset: number;
  readonly dlqTableName: string;
  readonly fetchMetadata: boolean;
  /** Ours, as the policies after it. */
  readonly unrepresentable: UnrepresentablePolicy;
  readonly onTruncate: TruncatePolicy;
  readonly onDdl: DdlPolicy;
  readonly onMissingKey: MissingKeyPolicy;
  readonly streamLargeTransactions: boolean;
  /** Bytes. */
  readonly decodingMemory: number;
}

/**
 * What `tsmolt replicator pglogical` and `mylogical` do, as a function. Everything that has a default may be left out; the
 * defaults are the reference's. Times are in milliseconds.
 */
export interface ReplicateRequest extends StagingRequest, Partial<ReplicationTuning> {
  /** `pglogical` or `mylogical`: a source of another kind is refused. Any kind will do unless given. */
  readonly command?: string;
  readonly sourceConn: string;
  readonly targetConn: string;
  /** `database.schema` of the target. */
  readonly targetSchema: string;
  /** PostgreSQL. */
  readonly publicationName?: string;
  /** MySQL and MariaDB: the `cdc_cursor` of the fetch; used only where there is no checkpoint yet. */
  readonly defaultGTIDSet?: string;
  readonly filters?: NameFilterPatterns;
  readonly userscript?: string;
  /** Pass over what is no row up to this position: a person has dealt with it. */
  readonly acceptUpTo?: string;
  /** End when everything up to this position is on the target: a position, or `now`. */
  readonly until?: string;
  readonly logger?: Logger;
  readonly metrics?: ReplicationMetrics;
  readonly state?: ReplicationState;
  /** Fired, it writes what it has read, and ends. */
  readonly drain?: AbortSignal;
  /** Fired, it ends at once. */
  readonly signal?: AbortSignal;
}

/** The reference's, and for what is ours the careful ones. */
export const replicationDefaults: ReplicationTuning = {
  slotName: 'replicator',
  replicationProcessID: 10,
  flushSize: 1000,
  flushPeriod: 1000,
  timestampLimit: 1000,
  standbyTimeout: 5000,
  targetApplyQueueSize: 4,
  collapseMutations: true,
  enableParallelApplies: false,
  parallelism: 16,
  applyTimeout: 30_000,
  targetStatementCacheSize: 128,
  retryInitialBackoff: 25,
  retryMultiplier: 2,
  retryMaxBackoff: 2000,
  maxRetries: 10,
  quiescentPeriod: 10_000,
  schemaRefresh: 60_000,
  retireOffset: 86_400_000,
  dlqTableName: 'replicator_dlq',
  fetchMetadata: false,
  unrepresentable: 'reject',
  onTruncate: 'pause',
  onDdl: 'pause',
  onMissingKey: 'pause',
  streamLargeTransactions: false,
  decodingMemory: 256 * 1024 * 1024,
};
