import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { asTsmoltError, serveMetrics, TsmoltError } from '@tsmolt/core';
import type { Logger, LogLevel } from '@tsmolt/core';
import { VerifyMetrics } from '@tsmolt/verify';
import type { VerifyReport } from '@tsmolt/verify';
import { verifySummary } from '../console/verify-summary.js';
import { verify } from '../verify.js';
import type { VerifyRequest } from '../verify.js';
import { openLog } from './log-destination.js';
import type { OpenLog } from './log-destination.js';
import { SideServers } from './side-servers.js';
import { listenForStop } from './stop-signals.js';
import { writeError } from './write-error.js';

/** The flags of `tsmolt verify` as commander names them: MOLT's (manual, "MOLT Verify") and ours. */
export interface VerifyFlags {
  readonly source: string;
  readonly target: string;
  readonly allowTlsModeDisable?: true;
  readonly schemaFilter: string;
  readonly tableFilter: string;
  readonly tableExclusionFilter: string;
  readonly caseSensitive?: true;
  readonly filterPath?: string;
  readonly transformationsFile?: string;
  readonly concurrency: number;
  readonly rowBatchSize: number;
  readonly statementTimeout: number;
  readonly live?: true;
  readonly liveRetries?: number;
  readonly stagingConn?: string;
  readonly stagingSchema?: string;
  readonly stateFile?: string;
  readonly continueFrom?: string;
  readonly repairFile?: string;
  readonly repairApply?: true;
  readonly report?: string;
  readonly namedRows: number;
  readonly redactValues?: true;
  readonly logging: LogLevel;
  readonly logFile: string | true;
  readonly useConsoleWriter?: true;
  readonly metricsListenAddr: string;
}

/** It could not be told whether the databases are equal. */
const couldNotTell = 2;

const exitCodes = { equal: 0, different: 1, undecided: couldNotTell } as const;

/**
 * Runs `tsmolt verify`.
 *
 * @param metricsDemanded true when the user named the metrics address: then it must be free
 * @returns the exit code
 */
export async function runVerifyCommand(flags: VerifyFlags, metricsDemanded: boolean): Promise<number> {
  const forPeople = flags.useConsoleWriter === true;
  const log = await openLogOrExplain(flags);
  if (log === undefined) return couldNotTell;
  const { logger } = log;
  const stop = listenForStop(() => logger.warn('stopping (once more to stop at once)'));
  const metrics = new VerifyMetrics();
  const servers = new SideServers(logger);
  try {
    await servers.start(() => serveMetrics(metrics.registry, flags.metricsListenAddr), {
      what: 'metrics',
      flag: '--metrics-listen-addr',
      demanded: metricsDemanded,
    });
    const report = await verify({ ...requestOf(flags, logger, stop.signal), metrics });
    if (flags.report !== undefined) await writeReport(flags.report, report);
    if (forPeople && log.toTerminal) process.stdout.write(verifySummary(report));
    return exitCodes[report.verdict];
  } catch (thrown) {
    const error = asTsmoltError(thrown);
    logger.error({ code: error.code, advice: error.advice }, `Error: ${error.message}`);
    if (!log.toTerminal) writeError(error);
    return stop.exitCode() ?? couldNotTell;
  } finally {
    stop.dispose();
    await servers.close();
    log.close();
  }
}

async function openLogOrExplain(flags: VerifyFlags): Promise<OpenLog | undefined> {
  try {
    return await openLog({
      level: flags.logging,
      file: flags.logFile,
      console: flags.useConsoleWriter === true,
      command: 'verify',
      print: (line) => process.stdout.write(line),
    });
  } catch (thrown) {
    writeError(thrown);
    return undefined;
  }
}

function requestOf(flags: VerifyFlags, logger: Logger, signal: AbortSignal): VerifyRequest {
  return {
    source: flags.source,
    target: flags.target,
    allowTlsModeDisable: flags.allowTlsModeDisable === true,
    filters: {
      schema: flags.schemaFilter,
      table: flags.tableFilter,
      tableExclusion: flags.tableExclusionFilter,
    },
    caseSensitive: flags.caseSensitive === true,
    concurrency: flags.concurrency,
    rowBatchSize: flags.rowBatchSize,
    namedRows: flags.namedRows,
    redactValues: flags.redactValues === true,
    statementTimeoutMs: flags.statementTimeout,
    logger,
    signal,
    ...(flags.filterPath === undefined ? {} : { filterPath: flags.filterPath }),
    ...(flags.transformationsFile === undefined ? {} : { transformationsFile: flags.transformationsFile }),
    ...stateOf(flags),
    ...liveOf(flags),
    ...stagingOf(flags),
    ...repairOf(flags),
  };
}

function liveOf({ live, liveRetries }: VerifyFlags): Pick<VerifyRequest, 'live' | 'liveRetries'> {
  if (liveRetries !== undefined && live !== true) throw without('--live-retries', '--live');
  return { live: live === true, ...(liveRetries === undefined ? {} : { liveRetries }) };
}

/** @throws TsmoltError `TSM1001` where there is nothing to continue from */
function stateOf({ stateFile, continueFrom }: VerifyFlags): Pick<VerifyRequest, 'stateFile'> {
  if (continueFrom === undefined) return stateFile === undefined ? {} : { stateFile };
  if (existsSync(continueFrom)) return { stateFile: continueFrom };
  throw new TsmoltError('TSM1001', {
    message: `--continue-from ${continueFrom}: there is no such file`,
    advice: 'A run that has ended removes its state. Start anew with --state-file.',
  });
}

function stagingOf({ stagingConn, stagingSchema }: VerifyFlags): Pick<VerifyRequest, 'staging'> {
  if (stagingConn === undefined) {
    if (stagingSchema !== undefined) throw without('--stagingSchema', '--stagingConn');
    return {};
  }
  return { staging: { stagingConn, ...(stagingSchema === undefined ? {} : { stagingSchema }) } };
}

/** Nothing is run of which no record is left. */
function repairOf({ repairFile, repairApply }: VerifyFlags): Pick<VerifyRequest, 'repair'> {
  if (repairFile !== undefined) return { repair: { file: repairFile, apply: repairApply === true } };
  if (repairApply === true) throw without('--repair-apply', '--repair-file');
  return {};
}

function without(flag: string, missing: string): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `${flag} is of no use without ${missing}`,
    advice: `Add ${missing}, or leave ${flag} out.`,
  });
}

async function writeReport(file: string, report: VerifyReport): Promise<void> {
  try {
    await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  } catch (cause) {
    throw new TsmoltError('TSM4006', {
      message: `cannot write the report ${file}`,
      advice: 'Name a file in a directory that exists and is writable with --report.',
      cause,
    });
  }
}
