import { nameFilter, silentLogger } from '@tsmolt/core';
import type { OpenOptions } from '@tsmolt/core';
import { replicate as run, ReplicationMetrics, ReplicationState } from '@tsmolt/replicator';
import type { ReplicationOptions, ReplicationResult } from '@tsmolt/replicator';
import { openConn, withOpened } from './open-databases.js';
import { openStaging } from './open-staging.js';
import { replicationDefaults } from './replicate-request.js';
import type { ReplicateRequest, ReplicationTuning } from './replicate-request.js';
import { changeLogOf } from './change-log-of.js';
import { targetSchemaName } from './target-schema-name.js';
import type { OpenedScript } from './userscript.js';

/** Bytes of one batch. A larger transaction is written in parts. */
const batchBytes = 4 * 1024 * 1024;

/** The writer, the catalog, staging and its lease, and some to spare. */
const ownConnections = 6;

/**
 * Carries committed changes from a source to a target until it is told to stop, or has come as far as it should.
 *
 * @throws TsmoltError for what a person has to look at
 */
export function replicate(request: ReplicateRequest): Promise<ReplicationResult> {
  const tuning = { ...replicationDefaults, ...given(request) };
  const options: OpenOptions = {
    // The reference has no flag for it: what the connection string says is meant.
    allowUnencrypted: true,
    applicationName: 'tsmolt replicator',
    maxConnections: ownConnections + (tuning.enableParallelApplies ? tuning.parallelism : 0),
    logger: request.logger ?? silentLogger(),
  };
  return withOpened(async (keep) => {
    const source = keep(await openConn(request.sourceConn, '--sourceConn', options));
    const target = keep(await openConn(request.targetConn, '--targetConn', options));
    const staging = keep(await openStaging(request, target, options));
    const sides = { source, target, staging: staging.store };
    const replication = { ...sides, ...optionsOf(request, tuning, sides), ...limitsOf(tuning) };
    if (request.userscript === undefined) return run(replication);
    const { openUserscript } = await import('./userscript.js');
    const opened = keep(await openUserscript({ ...replication, file: request.userscript }));
    return run({ ...replication, ...scriptOptions(opened, replication) });
  });
}

/** Two transactions in which `onWrite` runs would wait for each other: one for the other's rows, that one for the script. */
function scriptOptions(
  { script, writesItself }: OpenedScript,
  { parallelApplies, logger }: ReplicationOptions,
): Pick<ReplicationOptions, 'script' | 'parallelApplies'> {
  if (!writesItself || !parallelApplies) return { script, parallelApplies };
  logger.warn('the userscript has onWrite: --enableParallelApplies has no effect');
  return { script, parallelApplies: false };
}

/** What was given explicitly as undefined has its default, too. */
function given(request: ReplicateRequest): Partial<ReplicationTuning> {
  return Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
}

type Sides = Pick<ReplicationOptions, 'source' | 'target' | 'staging'>;
type Limits = ReturnType<typeof limitsOf>;

function optionsOf(
  request: ReplicateRequest,
  tuning: ReplicationTuning,
  { source, target }: Sides,
): Omit<ReplicationOptions, keyof Sides | keyof Limits> {
  const { command, memoPrefix, progressMessage } = changeLogOf(source, request.command).names;
  const never = new AbortController().signal;
  return {
    // As in the reference's memo table: a staging schema of its own goes on from there.
    memoKey: `${memoPrefix}${request.targetSchema}`,
    progressMessage,
    filter: nameFilter(request.filters ?? {}),
    targetSchema: targetSchemaName(request.targetSchema, target.url),
    targetLabel: ({ schema, table }) => `"${target.url.database}"."${schema}"."${table}"`,
    logger: request.logger ?? silentLogger(),
    metrics: request.metrics ?? new ReplicationMetrics(command),
    state: request.state ?? new ReplicationState(),
    drain: request.drain ?? never,
    signal: request.signal ?? never,
    slot: tuning.slotName,
    processId: tuning.replicationProcessID,
    ...(request.publicationName === undefined ? {} : { publication: request.publicationName }),
    ...(request.defaultGTIDSet === undefined ? {} : { startAt: request.defaultGTIDSet }),
    ...(request.acceptUpTo === undefined ? {} : { acceptUpTo: request.acceptUpTo }),
    ...(request.until === undefined ? {} : { until: request.until }),
  };
}

function limitsOf(tuning: ReplicationTuning) {
  return {
    fetchMetadata: tuning.fetchMetadata,
    streamLargeTransactions: tuning.streamLargeTransactions,
    decodingBytes: tuning.decodingMemory,
    unrepresentable: tuning.unrepresentable,
    acknowledgeEveryMs: tuning.standbyTimeout,
    flush: {
      rows: tuning.flushSize,
      periodMs: tuning.flushPeriod,
      transactions: tuning.timestampLimit,
      bytes: batchBytes,
    },
    queuedBatches: tuning.targetApplyQueueSize,
    collapse: tuning.collapseMutations,
    parallelApplies: tuning.enableParallelApplies,
    parallelism: tuning.parallelism,
    applyTimeoutMs: tuning.applyTimeout,
    statementCacheSize: tuning.targetStatementCacheSize,
    retry: {
      maxAttempts: Number.POSITIVE_INFINITY,
      maxDurationMs: 0,
      initialBackoffMs: tuning.retryInitialBackoff,
      multiplier: tuning.retryMultiplier,
      maxBackoffMs: tuning.retryMaxBackoff,
    },
    maxRetries: tuning.maxRetries,
    quiescentMs: tuning.quiescentPeriod,
    schemaRefreshMs: tuning.schemaRefresh,
    retireAfterMs: tuning.retireOffset,
    deadLetterTable: tuning.dlqTableName,
    onTruncate: tuning.onTruncate,
    onDdl: tuning.onDdl,
    onMissingKey: tuning.onMissingKey,
  };
}
