import { defaultRetryPolicy, TsmoltError } from '@tsmolt/core';
import type { Logger } from '@tsmolt/core';
import { fetchModes } from '@tsmolt/fetch';
import type { FetchMode } from '@tsmolt/fetch';
import type { ContinuationRequest, FetchRequest, StorageRequest } from '../fetch-request.js';
import type { FetchFlags } from './fetch-flags.js';

/** What the flags ask for. @throws TsmoltError `TSM1001` for a mode that does not exist (any more) */
export function fetchRequestOf(flags: FetchFlags, logger: Logger, signal: AbortSignal): FetchRequest {
  return {
    ...defined({ source: flags.source, target: flags.target }),
    mode: fetchMode(flags.mode),
    allowTlsModeDisable: flags.allowTlsModeDisable === true,
    ...storageRequest(flags),
    ...selection(flags),
    ...continuation(flags),
    ...replication(flags),
    tableConcurrency: flags.tableConcurrency,
    exportConcurrency: flags.exportConcurrency,
    rowBatchSize: flags.rowBatchSize,
    useStatsBasedSharding: flags.useStatsBasedSharding === true,
    maxMemory: flags.maxMemory,
    checksum: flags.checksum === true,
    retry: {
      ...defaultRetryPolicy,
      maxAttempts: flags.exportRetryMaxAttempts,
      maxDurationMs: flags.exportRetryMaxDuration,
    },
    logger,
    signal,
  };
}

function storageRequest(flags: FetchFlags): StorageRequest {
  return {
    directCopy: flags.directCopy === true,
    useImplicitAuth: flags.useImplicitAuth === true,
    useCopy: flags.useCopy === true,
    importBatchSize: flags.importBatchSize,
    cleanup: flags.cleanup === true,
    ...defined({
      bucketPath: flags.bucketPath,
      localPath: flags.localPath,
      localPathListenAddr: flags.localPathListenAddr,
      localPathCrdbAccessAddr: flags.localPathCrdbAccessAddr,
      assumeRole: flags.assumeRole,
      importRegion: flags.importRegion,
      compression: flags.compression,
      flushRows: flags.flushRows,
      flushSize: flags.flushSize,
    }),
  };
}

function selection(flags: FetchFlags): Partial<FetchRequest> {
  return {
    filters: {
      schema: flags.schemaFilter,
      table: flags.tableFilter,
      tableExclusion: flags.tableExclusionFilter,
    },
    caseSensitive: flags.caseSensitive === true,
    skipPkCheck: flags.skipPkCheck === true,
    skipUnmigratableTables: flags.skipUnmigratableTables === true,
    tableHandling: flags.tableHandling,
    unrepresentableValues: flags.unrepresentableValues,
    ...defined({
      transformationsFile: flags.transformationsFile,
      typeMapFile: flags.typeMapFile,
      filterPath: flags.filterPath,
    }),
  };
}

function continuation(flags: FetchFlags): ContinuationRequest {
  return {
    ifSnapshotLost: flags.ifSnapshotLost,
    ...defined({
      fetchId: flags.fetchId,
      continuationToken: flags.continuationToken,
      continuationFileName: flags.continuationFileName,
    }),
  };
}

function replication(flags: FetchFlags): Partial<FetchRequest> {
  return {
    ignoreReplicationCheck: flags.ignoreReplicationCheck === true,
    dropAndRecreateSlot: flags.pglogicalPublicationAndSlotDropAndRecreate === true,
    crdbPtsDuration: flags.crdbPtsDuration,
    crdbPtsRefreshInterval: flags.crdbPtsRefreshInterval,
    ...defined({ replicationSlotName: flags.pglogicalReplicationSlotName }),
  };
}

/** Modes of the reference in which it ran the replicator by itself. */
const replicationModes = new Set(['data-load-and-replication', 'replication-only', 'failback']);

function fetchMode(text: string): FetchMode {
  const mode = fetchModes.find((candidate) => candidate === text);
  if (mode !== undefined) return mode;
  throw new TsmoltError('TSM1001', {
    message: `--mode ${text} does not exist${replicationModes.has(text) ? ' any more' : ''}`,
    advice: replicationModes.has(text)
      ? 'Load with --mode data-load; replication, forward and back, runs by itself as `tsmolt replicator`.'
      : `Use one of ${fetchModes.join(', ')}.`,
  });
}

/** Without the fields that are not set. */
function defined<Fields extends object>(
  fields: Fields,
): { [Name in keyof Fields]?: NonNullable<Fields[Name]> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Fields]?: NonNullable<Fields[Name]>;
  };
}
