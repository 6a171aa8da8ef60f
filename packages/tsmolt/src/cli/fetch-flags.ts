import type { LogLevel } from '@tsmolt/core';
import type { TableHandling } from '@tsmolt/fetch';

/** The flags of `tsmolt fetch` as commander names them: MOLT's (spec: MOLT manual, "Fetch commands and flags") and ours. */
export interface FetchFlags {
  readonly source: string;
  readonly target: string;
  readonly allowTlsModeDisable?: true;
  readonly directCopy?: true;
  readonly localPath?: string;
  readonly useCopy?: true;
  readonly cleanup?: true;
  readonly schemaFilter: string;
  readonly tableFilter: string;
  readonly tableExclusionFilter: string;
  readonly caseSensitive?: true;
  readonly skipPkCheck?: true;
  readonly tableHandling: TableHandling;
  readonly tableConcurrency: number;
  readonly exportConcurrency: number;
  readonly exportRetryMaxAttempts: number;
  readonly exportRetryMaxDuration: number;
  readonly rowBatchSize: number;
  readonly useStatsBasedSharding?: true;
  readonly ignoreReplicationCheck?: true;
  readonly pglogicalReplicationSlotName?: string;
  readonly pglogicalPublicationAndSlotDropAndRecreate?: true;
  readonly checksum?: true;
  readonly nonInteractive?: true;
  readonly logging: LogLevel;
  readonly logFile: string | true;
  readonly useConsoleWriter?: true;
  readonly metricsListenAddr: string;
}
