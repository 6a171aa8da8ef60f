import { asTsmoltError, serveMetrics } from '@tsmolt/core';
import type { Logger } from '@tsmolt/core';
import { FetchMetrics } from '@tsmolt/fetch';
import { createFetchProgress } from '../console/fetch-progress.js';
import { fetchSummary } from '../console/fetch-summary.js';
import { serveProfiles } from '../diagnostics/profile-server.js';
import { fetch } from '../fetch.js';
import type { FetchRequest } from '../fetch-request.js';
import { askYesNo } from './ask.js';
import type { FetchFlags } from './fetch-flags.js';
import { fetchRequestOf } from './fetch-request-of.js';
import { openLog } from './log-destination.js';
import type { OpenLog } from './log-destination.js';
import { printDryRun } from './print-dry-run.js';
import { SideServers } from './side-servers.js';
import { listenForStop } from './stop-signals.js';
import { writeError } from './write-error.js';

/**
 * Runs `tsmolt fetch`.
 *
 * @param demanded whether the user named a flag: an address that was named must be free
 * @returns the exit code
 */
export async function runFetchCommand(
  flags: FetchFlags,
  demanded: (flag: keyof FetchFlags) => boolean,
): Promise<number> {
  const forPeople = flags.useConsoleWriter === true;
  const progress = createFetchProgress(forPeople && process.stdout.isTTY && flags.dryRun !== true);
  const log = await openLogOrExplain(flags, (line) => progress.print(line));
  if (log === undefined) return 1;
  const { logger } = log;
  const stop = listenForStop(() =>
    logger.warn('stopping: what runs is being cancelled (once more to stop at once)'),
  );
  const metrics = new FetchMetrics();
  const servers = new SideServers(logger);
  try {
    const request = { ...fetchRequestOf(flags, logger, stop.signal), metrics };
    if (flags.dryRun === true) return await printDryRun(request, forPeople);
    warnOfUnusedFlags(flags, logger);
    await startServers(servers, metrics, flags, demanded);
    const report = await fetch({
      ...request,
      ...question(flags, stop.signal),
      onEvent: (event) => progress.show(event),
    });
    progress.stop();
    if (forPeople && log.toTerminal) process.stdout.write(fetchSummary(report));
    return 0;
  } catch (thrown) {
    progress.stop();
    metrics.error();
    tell(thrown, log);
    return stop.exitCode() ?? 1;
  } finally {
    stop.dispose();
    await servers.close();
    log.close();
  }
}

async function openLogOrExplain(
  flags: FetchFlags,
  print: (line: string) => void,
): Promise<OpenLog | undefined> {
  try {
    return await openLog({
      level: flags.logging,
      file: flags.logFile,
      console: flags.useConsoleWriter === true,
      command: 'fetch',
      print,
    });
  } catch (thrown) {
    writeError(thrown);
    return undefined;
  }
}

async function startServers(
  servers: SideServers,
  metrics: FetchMetrics,
  flags: FetchFlags,
  demanded: (flag: keyof FetchFlags) => boolean,
): Promise<void> {
  await servers.start(() => serveMetrics(metrics.registry, flags.metricsListenAddr), {
    what: 'metrics',
    flag: '--metrics-listen-addr',
    demanded: demanded('metricsListenAddr'),
  });
  await servers.start(() => serveProfiles(flags.pprofListenAddr), {
    what: 'profiles',
    flag: '--pprof-listen-addr',
    demanded: demanded('pprofListenAddr'),
  });
}

/** Asked before tables are emptied or dropped, where somebody is there to answer. */
function question(flags: FetchFlags, signal: AbortSignal): Pick<FetchRequest, 'confirm'> {
  if (flags.nonInteractive === true || !process.stdin.isTTY) return {};
  return { confirm: (text) => askYesNo(text, signal) };
}

function warnOfUnusedFlags(flags: FetchFlags, logger: Logger): void {
  if (flags.sourceCdb !== undefined) {
    logger.warn('--source-cdb is for Oracle sources: it is not used');
  }
}

/** The last words of a run that failed: in the log, and on the terminal where the log goes elsewhere. */
function tell(thrown: unknown, { logger, toTerminal }: OpenLog): void {
  const error = asTsmoltError(thrown);
  logger.error({ code: error.code, advice: error.advice }, `Error: ${error.message}`);
  if (error.kind === 'bug')
    logger.debug({ stack: error.stack, cause: String(error.cause) }, 'where it happened');
  if (!toTerminal) writeError(error);
}
