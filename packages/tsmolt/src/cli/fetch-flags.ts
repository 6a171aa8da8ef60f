import type { LogLevel, UnrepresentablePolicy } from '@tsmolt/core';
import type { Compression, LostSnapshotPolicy, TableHandling } from '@tsmolt/fetch';

/** The flags of `tsmolt fetch` as commander names them: MOLT's (spec: MOLT manual, "Fetch commands and flags") and ours. */
export interface FetchFlags extends RouteFlags, SelectionFlags, ContinuationFlags, OutputFlags {
  readonly source?: string;
  readonly sourceCdb?: string;
  readonly target?: string;
  readonly mode: string;
  readonly allowTlsModeDisable?: true;
  readonly nonInteractive?: true;
  readonly dryRun?: true;
  readonly tableConcurrency: number;
  readonly exportConcurrency: number;
  readonly exportRetryMaxAttempts: number;
  readonly exportRetryMaxDuration: number;
  readonly rowBatchSize: number;
  readonly useStatsBasedSharding?: true;
  readonly maxMemory: number;
  readonly ignoreReplicationCheck?: true;
  readonly pglogicalReplicationSlotName?: string;
  readonly pglogicalPublicationAndSlotDropAndRecreate?: true;
  readonly crdbPtsDuration: number;
  readonly crdbPtsRefreshInterval: number;
}

export interface RouteFlags {
  readonly directCopy?: true;
  readonly bucketPath?: string;
  readonly useImplicitAuth?: true;
  readonly assumeRole?: string;
  readonly importRegion?: string;
  readonly localPath?: string;
  readonly localPathListenAddr?: string;
  readonly localPathCrdbAccessAddr?: string;
  readonly useCopy?: true;
  readonly compression?: Compression;
  readonly flushRows?: number;
  readonly flushSize?: number;
  readonly importBatchSize: number;
  readonly cleanup?: true;
}

export interface SelectionFlags {
  readonly schemaFilter: string;
  readonly tableFilter: string;
  readonly tableExclusionFilter: string;
  readonly filterPath?: string;
  readonly caseSensitive?: true;
  readonly skipPkCheck?: true;
  readonly skipUnmigratableTables?: true;
  readonly transformationsFile?: string;
  readonly typeMapFile?: string;
  readonly tableHandling: TableHandling;
  readonly unrepresentableValues: UnrepresentablePolicy;
}

export interface ContinuationFlags {
  readonly fetchId?: string;
  readonly continuationToken?: string;
  readonly continuationFileName?: string;
  readonly ifSnapshotLost: LostSnapshotPolicy;
}

export interface OutputFlags {
  readonly checksum?: true;
  readonly logging: LogLevel;
  readonly logFile: string | true;
  readonly useConsoleWriter?: true;
  readonly metricsListenAddr: string;
  readonly pprofListenAddr: string;
  readonly optOutTelemetry?: true;
}
