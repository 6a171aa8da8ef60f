import { nameFilter, silentLogger, TsmoltError } from '@tsmolt/core';
import type { Logger, NameFilterPatterns } from '@tsmolt/core';
import { readRowFilters, readTransformations } from '@tsmolt/fetch';
import { verify as runVerify, VerifyMetrics } from '@tsmolt/verify';
import type { RepairOptions, Replication, VerifyOptions, VerifyReport } from '@tsmolt/verify';
import { openSide } from './open-side.js';
import { withReplication } from './replication/applied-position.js';
import type { ReplicationPlace } from './replication/applied-position.js';

/** What `tsmolt verify` does, as a function. Everything that has a default may be left out; the defaults are MOLT's. */
export interface VerifyRequest {
  readonly source: string;
  readonly target: string;
  readonly allowTlsModeDisable?: boolean;
  readonly filters?: NameFilterPatterns;
  readonly caseSensitive?: boolean;
  readonly transformationsFile?: string;
  readonly filterPath?: string;
  readonly concurrency?: number;
  readonly rowBatchSize?: number;
  /** Differing rows of a table that are named. */
  readonly namedRows?: number;
  readonly redactValues?: boolean;
  /** Milliseconds that a statement may take before it is cancelled and its rows are divided; no limit unless given. */
  readonly statementTimeoutMs?: number;
  /** The databases are written to: rows that differ are read again before they are counted. */
  readonly live?: boolean;
  /** How often, while the source's row stays as it is. */
  readonly liveRetries?: number;
  /** What keeps the target up to date, for `live`: then rows are read when their changes have arrived. */
  readonly replication?: Replication;
  /** The staging schema of the replicator that does so; in the place of `replication`. */
  readonly staging?: ReplicationPlace;
  /** How long it may take to bring a change to the target, in milliseconds; ten minutes unless given. */
  readonly replicationPatienceMs?: number;
  /** Write statements that make the target equal, and run them if that is wanted. */
  readonly repair?: RepairOptions;
  /** Note finished work here, and go on with the run that the file tells of. */
  readonly stateFile?: string;
  readonly logger?: Logger;
  readonly metrics?: VerifyMetrics;
  readonly signal?: AbortSignal;
}

/** MOLT's defaults, but for `namedRows` and `liveRetries`, which are ours. */
const defaults = { concurrency: 16, rowBatchSize: 20_000, namedRows: 100, liveRetries: 8 };

/**
 * Compares two databases, table by table.
 *
 * @returns what differs; `equal` is true where nothing does
 * @throws TsmoltError when it could not be told
 */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
  refuseContradictions(request);
  const concurrency = request.concurrency ?? defaults.concurrency;
  const logger = request.logger ?? silentLogger();
  const openOptions = {
    allowUnencrypted: request.allowTlsModeDisable ?? false,
    applicationName: 'tsmolt verify',
    maxConnections: concurrency + 1,
    logger,
  };
  const rules = await readRules(request);
  const source = await openSide(request.source, 'source', openOptions);
  try {
    const target = await openSide(request.target, 'target', openOptions);
    try {
      const compare = (replication = request.replication): Promise<VerifyReport> =>
        runVerify({ ...optionsOf(request, replication), source, target, concurrency, logger, ...rules });
      if (request.staging === undefined) return await compare();
      return await withReplication(source, request.staging, openOptions, compare);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

type OwnOptions = Omit<VerifyOptions, 'source' | 'target' | 'concurrency' | 'logger'>;

function optionsOf(request: VerifyRequest, replication: Replication | undefined): OwnOptions {
  const { repair, stateFile } = request;
  return {
    filter: nameFilter(request.filters ?? {}),
    caseSensitive: request.caseSensitive ?? false,
    rowBatchSize: request.rowBatchSize ?? defaults.rowBatchSize,
    namedRows: request.namedRows ?? defaults.namedRows,
    redactValues: request.redactValues ?? false,
    statementTimeoutMs: request.statementTimeoutMs ?? 0,
    metrics: request.metrics ?? new VerifyMetrics(),
    signal: request.signal ?? new AbortController().signal,
    ...liveOf(request, replication),
    ...(repair === undefined ? {} : { repair }),
    ...(stateFile === undefined ? {} : { stateFile }),
  };
}

/** Files are checked before anything is connected. */
async function readRules({
  transformationsFile,
  filterPath,
}: VerifyRequest): Promise<Pick<VerifyOptions, 'transformations' | 'rowFilters'>> {
  return {
    ...(transformationsFile === undefined
      ? {}
      : { transformations: await readTransformations(transformationsFile) }),
    ...(filterPath === undefined ? {} : { rowFilters: await readRowFilters(filterPath) }),
  };
}

function liveOf(
  { live, liveRetries, replicationPatienceMs }: VerifyRequest,
  replication: Replication | undefined,
): Pick<VerifyOptions, 'live'> {
  if (live !== true) return {};
  const retries = liveRetries ?? defaults.liveRetries;
  return {
    live: {
      retries,
      ...(replication === undefined ? {} : { replication }),
      ...(replicationPatienceMs === undefined ? {} : { replicationPatienceMs }),
    },
  };
}

/** @throws TsmoltError `TSM1001` */
function refuseContradictions(request: VerifyRequest): void {
  const { repair, redactValues, stateFile, live } = request;
  if (repair !== undefined && redactValues === true) {
    throw new TsmoltError('TSM1001', {
      message: 'statements that repair rows hold their values, which --redact-values is to hide',
      advice: 'Use --repair-file without --redact-values.',
    });
  }
  if (repair !== undefined && stateFile !== undefined) {
    throw new TsmoltError('TSM1001', {
      message:
        '--repair-file and --state-file cannot be used together: statements are not noted in the state',
      advice: 'Verify with --state-file first, then the tables that differ with --repair-file.',
    });
  }
  if ((request.replication ?? request.staging) !== undefined && live !== true) {
    throw new TsmoltError('TSM1001', {
      message: '--stagingConn is of use to a verification with --live only',
      advice: 'Add --live, or leave --stagingConn out.',
    });
  }
}
