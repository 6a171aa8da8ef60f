import { asTsmoltError, createLogger, TsmoltError } from '@tsmolt/core';
import type { Logger } from '@tsmolt/core';
import { ReplicationMetrics, ReplicationState } from '@tsmolt/replicator';
import type { DdlPolicy, ReplicationResult } from '@tsmolt/replicator';
import { replicate } from '../../replication/replicate.js';
import type { ReplicateRequest } from '../../replication/replicate-request.js';
import { openLog } from '../log-destination.js';
import type { OpenLog } from '../log-destination.js';
import { listenForStop } from '../stop-signals.js';
import type { StopSignals } from '../stop-signals.js';
import { writeError } from '../write-error.js';
import { MetricsSnapshots } from './metrics-snapshots.js';
import { withoutEffect } from './replication-flags.js';
import { serveReplication } from './serve-replication.js';
import { textLine } from './text-line.js';

/** The flags of `tsmolt replicator pglogical` and `mylogical` as commander names them. */
export type ReplicationFlags = Omit<ReplicateRequest, 'onDdl' | 'filters' | 'unrepresentable'> & {
  readonly schemaFilter: string;
  readonly tableFilter: string;
  readonly tableExclusionFilter: string;
  readonly unrepresentableValues: NonNullable<ReplicateRequest['unrepresentable']>;
  readonly onDDL: DdlPolicy;
  readonly gracePeriod: number;
  readonly metricsAddr?: string;
  readonly metricsSnapshotPeriod: number;
  readonly metricsSnapshotCompression: 'gzip' | 'none';
  readonly metricsSnapshotRetentionTime: number;
  readonly metricsSnapshotRetentionSize?: number;
  readonly dataDir: string;
  readonly logDestination?: string;
  readonly logFormat: 'text' | 'fluent' | 'json';
  readonly verbose: number;
};

/** How long it may take, in milliseconds, to close what is open. */
const lingerMs = 500;
/** How long after the grace statements may take to be undone. */
const undoingMs = 3000;

const failed = 1;
const wrongUse = 2;
const paused = 3;
const incomplete = 4;

/** @returns the exit code */
export async function runReplicationCommand(command: string, flags: ReplicationFlags): Promise<number> {
  let log: OpenLog;
  try {
    log = await openReplicationLog(flags);
  } catch (thrown) {
    writeError(thrown);
    return wrongUse;
  }
  const { logger } = log;
  const stop = listenForStop(() =>
    logger.info('draining: what was read is still written (once more to stop at once)'),
  );
  try {
    for (const name of Object.keys(flags)) {
      if (withoutEffect[name] !== undefined) logger.debug(`--${name} has no effect: ${withoutEffect[name]}`);
    }
    const result = await runWatched(command, flags, { logger, drain: stop.signal });
    const code = sayFarewell(result, logger);
    return endOf(stop.outputClosed() ? failed : code, stop);
  } catch (thrown) {
    const error = asTsmoltError(thrown);
    logger.error({ code: error.code, advice: error.advice }, `Error: ${error.message}`);
    // Final errors go to standard error, as the reference's do; a person at a terminal reads them once.
    if (!log.toTerminal || !process.stdout.isTTY) writeError(error);
    return endOf(error.code === 'TSM7001' ? paused : (stop.exitCode() ?? failed), stop);
  } finally {
    stop.dispose();
    log.close();
  }
}

/** A connection that is left behind with its statement must not keep a process that was told to end. */
function endOf(code: number, stop: StopSignals): number {
  if (stop.exitCode() !== undefined) setTimeout(() => process.exit(code), lingerMs).unref();
  return code;
}

/** @returns the exit code: a cutover must not be taken for complete while changes wait */
function sayFarewell(result: ReplicationResult, logger: Logger): number {
  const { ended, positions, transactions, changes, waiting, deadLetters } = result;
  const fields = { transactions, changes, position: positions.durable };
  if (ended === 'reached' && waiting + deadLetters > 0) {
    logger.error(
      { ...fields, waiting, dead_letters: deadLetters },
      'everything up to --until was read, but the target refused changes: see tsmolt replicator status and tsmolt replicator dlq list',
    );
    return incomplete;
  }
  const left = waiting + deadLetters > 0 ? { waiting, dead_letters: deadLetters } : {};
  logger.info(
    { ...fields, ...left },
    ended === 'reached' ? 'everything up to --until is on the target' : 'drained',
  );
  return 0;
}

function openReplicationLog({ logDestination, logFormat, verbose }: ReplicationFlags): Promise<OpenLog> {
  return openLog({
    level: verbose >= 2 ? 'trace' : verbose === 1 ? 'debug' : 'info',
    file: logDestination ?? 'stdout',
    console: false,
    command: 'replicator',
    print: (line) => process.stdout.write(line),
    ...(logFormat === 'text' ? { format: textLine } : {}),
  });
}

/** With the servers and files that show what it is doing. */
async function runWatched(
  command: string,
  flags: ReplicationFlags,
  { logger, drain }: { readonly logger: Logger; readonly drain: AbortSignal },
): Promise<ReplicationResult> {
  const metrics = new ReplicationMetrics(command);
  const state = new ReplicationState();
  const server =
    flags.metricsAddr === undefined
      ? undefined
      : await serveReplication(flags.metricsAddr, { metrics, state });
  const snapshots = new MetricsSnapshots(metrics.registry, { ...flags, logger });
  const stopAtOnce = new AbortController();
  let grace: NodeJS.Timeout | undefined;
  const overdue = new Promise<never>((_, reject) => {
    const stop = (): void => {
      stopAtOnce.abort();
      grace = setTimeout(() => reject(stuck()), undoingMs);
    };
    drain.addEventListener('abort', () => (grace = setTimeout(stop, flags.gracePeriod)), { once: true });
  });
  try {
    snapshots.start();
    const replication = replicate({
      ...requestOf(flags),
      command,
      logger,
      metrics,
      state,
      drain,
      signal: stopAtOnce.signal,
    });
    return await Promise.race([replication, overdue]);
  } finally {
    clearTimeout(grace);
    await snapshots.stop();
    await server?.close();
  }
}

function stuck(): TsmoltError {
  return new TsmoltError('TSM1005', {
    message: 'stopped on request, while a server did not answer',
    advice: 'Run the same command again: replication goes on from its checkpoint, without loss.',
  });
}

function requestOf({
  schemaFilter,
  tableFilter,
  tableExclusionFilter,
  onDDL,
  unrepresentableValues,
  ...flags
}: ReplicationFlags): ReplicateRequest {
  return {
    ...flags,
    filters: { schema: schemaFilter, table: tableFilter, tableExclusion: tableExclusionFilter },
    onDdl: onDDL,
    unrepresentable: unrepresentableValues,
  };
}

/** For commands that only ask something: warnings go to standard error. */
export function quietLogger(): Logger {
  return createLogger('warn', { write: (line: string) => process.stderr.write(textLine(line)) });
}
