import { asTsmoltError, defaultRetryPolicy, serveMetrics, TsmoltError } from '@tsmolt/core';
import type { Logger, MetricsServer } from '@tsmolt/core';
import { FetchMetrics } from '@tsmolt/fetch';
import { createFetchProgress } from '../console/fetch-progress.js';
import { fetchSummary } from '../console/fetch-summary.js';
import { fetch } from '../fetch.js';
import type { FetchRequest } from '../fetch.js';
import { askYesNo } from './ask.js';
import type { FetchFlags } from './fetch-flags.js';
import { openLog } from './log-destination.js';
import { listenForStop } from './stop-signals.js';

/**
 * Runs `tsmolt fetch`.
 *
 * @param metricsDemanded true when the user named the metrics address: then it must be free
 * @returns the exit code
 */
export async function runFetchCommand(flags: FetchFlags, metricsDemanded: boolean): Promise<number> {
  const forPeople = flags.useConsoleWriter === true;
  const progress = createFetchProgress(forPeople && process.stdout.isTTY);
  const log = openLogOrExplain(flags, (line) => progress.print(line));
  if (log === undefined) return 1;
  const { logger } = log;
  const stop = listenForStop(() =>
    logger.warn('stopping: what runs is being cancelled (once more to stop at once)'),
  );
  const metrics = new FetchMetrics();
  let server: MetricsServer | undefined;
  try {
    assertRoute(flags);
    server = await startMetrics(metrics, flags.metricsListenAddr, metricsDemanded, logger);
    const report = await fetch({
      ...requestOf(flags, logger, stop.signal),
      metrics,
      onEvent: (event) => progress.show(event),
    });
    progress.stop();
    if (forPeople && log.toTerminal) process.stdout.write(fetchSummary(report));
    return 0;
  } catch (thrown) {
    progress.stop();
    metrics.error();
    tell(asTsmoltError(thrown), logger, log.toTerminal);
    return stop.exitCode() ?? 1;
  } finally {
    stop.dispose();
    await server?.close();
    log.close();
  }
}

function openLogOrExplain(
  flags: FetchFlags,
  print: (line: string) => void,
): ReturnType<typeof openLog> | undefined {
  try {
    return openLog({
      level: flags.logging,
      file: flags.logFile,
      console: flags.useConsoleWriter === true,
      command: 'fetch',
      print,
    });
  } catch (thrown) {
    writeError(asTsmoltError(thrown));
    return undefined;
  }
}

/** Files are loaded by COPY so far: asking for them without `--use-copy` means IMPORT INTO. */
function assertRoute(flags: FetchFlags): void {
  if (flags.localPath === undefined || flags.useCopy === true) return;
  throw new TsmoltError('TSM1001', {
    message:
      '--local-path without --use-copy would load the files with IMPORT INTO, which this version cannot do',
    advice: 'Add --use-copy, or use --direct-copy.',
  });
}

function requestOf(flags: FetchFlags, logger: Logger, signal: AbortSignal): FetchRequest {
  const slot = flags.pglogicalReplicationSlotName;
  return {
    source: flags.source,
    target: flags.target,
    allowTlsModeDisable: flags.allowTlsModeDisable === true,
    directCopy: flags.directCopy === true,
    ...(flags.localPath === undefined ? {} : { localPath: flags.localPath }),
    cleanup: flags.cleanup === true,
    filters: {
      schema: flags.schemaFilter,
      table: flags.tableFilter,
      tableExclusion: flags.tableExclusionFilter,
    },
    caseSensitive: flags.caseSensitive === true,
    skipPkCheck: flags.skipPkCheck === true,
    tableHandling: flags.tableHandling,
    tableConcurrency: flags.tableConcurrency,
    exportConcurrency: flags.exportConcurrency,
    rowBatchSize: flags.rowBatchSize,
    useStatsBasedSharding: flags.useStatsBasedSharding === true,
    ignoreReplicationCheck: flags.ignoreReplicationCheck === true,
    ...(slot === undefined ? {} : { replicationSlotName: slot }),
    dropAndRecreateSlot: flags.pglogicalPublicationAndSlotDropAndRecreate === true,
    checksum: flags.checksum === true,
    retry: {
      ...defaultRetryPolicy,
      maxAttempts: flags.exportRetryMaxAttempts,
      maxDurationMs: flags.exportRetryMaxDuration,
    },
    logger,
    signal,
    ...(flags.nonInteractive === true || !process.stdin.isTTY
      ? {}
      : { confirm: (question: string) => askYesNo(question, signal) }),
  };
}

async function startMetrics(
  metrics: FetchMetrics,
  address: string,
  demanded: boolean,
  logger: Logger,
): Promise<MetricsServer | undefined> {
  try {
    const server = await serveMetrics(metrics.registry, address);
    logger.debug({ address: server.address }, 'serving metrics');
    return server;
  } catch (thrown) {
    if (demanded) throw thrown;
    logger.warn(
      `no metrics in this run: ${asTsmoltError(thrown).message} (choose another --metrics-listen-addr)`,
    );
    return undefined;
  }
}

/** The last words of a run that failed: in the log, and on the terminal where the log goes elsewhere. */
function tell(error: TsmoltError, logger: Logger, logOnTerminal: boolean): void {
  logger.error({ code: error.code, advice: error.advice }, `Error: ${error.message}`);
  if (error.kind === 'bug')
    logger.debug({ stack: error.stack, cause: String(error.cause) }, 'where it happened');
  if (!logOnTerminal) writeError(error);
}

function writeError(error: TsmoltError): void {
  process.stderr.write(`Error ${error.code}: ${error.message}\n${error.advice}\n`);
}
