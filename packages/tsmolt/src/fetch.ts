import { randomUUID } from 'node:crypto';
import { ConnectionUrl, defaultRetryPolicy, nameFilter, silentLogger, TsmoltError } from '@tsmolt/core';
import type { Logger, NameFilterPatterns, RetryPolicy } from '@tsmolt/core';
import { fetch as runFetch, FetchMetrics } from '@tsmolt/fetch';
import type { FetchEvent, FetchOptions, FetchReport, Route, TableHandling } from '@tsmolt/fetch';
import { openDatabase } from './databases.js';

/** What `tsmolt fetch` does, as a function. Everything that has a default may be left out; the defaults are MOLT's. */
export interface FetchRequest {
  /** Connection string, for example `postgres://user:password@host:5432/database?sslmode=verify-full`. */
  readonly source: string;
  readonly target: string;
  readonly allowTlsModeDisable?: boolean;
  /** Copy from server to server; otherwise `localPath` says where the files between them are written. */
  readonly directCopy?: boolean;
  readonly localPath?: string;
  readonly cleanup?: boolean;
  readonly filters?: NameFilterPatterns;
  readonly caseSensitive?: boolean;
  readonly skipPkCheck?: boolean;
  readonly tableHandling?: TableHandling;
  readonly tableConcurrency?: number;
  readonly exportConcurrency?: number;
  readonly rowBatchSize?: number;
  readonly useStatsBasedSharding?: boolean;
  readonly ignoreReplicationCheck?: boolean;
  readonly replicationSlotName?: string;
  readonly dropAndRecreateSlot?: boolean;
  readonly checksum?: boolean;
  readonly retry?: RetryPolicy;
  readonly logger?: Logger;
  readonly metrics?: FetchMetrics;
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: FetchEvent) => void;
  readonly confirm?: (question: string) => Promise<boolean>;
}

/** Connections beside those that carry rows: the one that holds the snapshot, and one for the catalog. */
const extraConnections = 3;

/**
 * Copies the tables of one database into another, from one consistent snapshot, and accounts for every row.
 *
 * @throws TsmoltError with a code, the place and an advice
 */
export async function fetch(request: FetchRequest): Promise<FetchReport> {
  const source = ConnectionUrl.parse(request.source, '--source');
  const target = ConnectionUrl.parse(request.target, '--target');
  const route = await chooseRoute(request);
  const settings = withDefaults(request);
  const openOptions = {
    allowUnencrypted: request.allowTlsModeDisable ?? false,
    applicationName: 'tsmolt fetch',
    maxConnections: settings.tableConcurrency * settings.exportConcurrency + extraConnections,
    logger: settings.logger,
  };
  const from = await openDatabase(source, openOptions).catch(named('source'));
  try {
    const to = await openDatabase(target, openOptions).catch(named('target'));
    try {
      settings.logger.debug({ source: from.product, target: to.product }, 'connected');
      return await runFetch({ ...settings, source: from, target: to, route });
    } finally {
      await to.close();
    }
  } finally {
    await from.close();
  }
}

/** Which of the two servers an error is about is the first thing that its reader wants to know. */
function named(side: string): (thrown: unknown) => never {
  return (thrown) => {
    throw thrown instanceof TsmoltError ? thrown.at(side) : thrown;
  };
}

async function chooseRoute(request: FetchRequest): Promise<Route> {
  if (request.directCopy === true && request.localPath !== undefined) {
    throw new TsmoltError('TSM1001', {
      message: '--direct-copy and --local-path exclude each other',
      advice: 'Use --direct-copy for rows that go straight through, or --local-path for files in between.',
    });
  }
  if (request.localPath !== undefined) {
    const { LocalDirectory } = await import('@tsmolt/storage');
    return { kind: 'files', store: new LocalDirectory(request.localPath), cleanup: request.cleanup ?? false };
  }
  if (request.directCopy === true) return { kind: 'direct' };
  throw new TsmoltError('TSM1001', {
    message: 'nothing says how the rows are to travel',
    advice: 'Add --direct-copy (straight from server to server), or --local-path DIRECTORY with --use-copy.',
  });
}

/** MOLT's defaults. */
const defaults = {
  caseSensitive: false,
  tableHandling: 'none',
  tableConcurrency: 4,
  exportConcurrency: 4,
  rowBatchSize: 100_000,
  useStatsBasedSharding: false,
  ignoreReplicationCheck: false,
  checksum: false,
  retry: defaultRetryPolicy,
  onEvent: () => undefined,
  confirm: () => Promise.resolve(true),
} as const;

function withDefaults(request: FetchRequest): Omit<FetchOptions, 'source' | 'target' | 'route'> {
  const given = Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as typeof request;
  const { source: _source, target: _target, ...options } = given;
  const slot = request.replicationSlotName;
  return {
    logger: silentLogger(),
    metrics: new FetchMetrics(),
    signal: new AbortController().signal,
    ...defaults,
    ...options,
    fetchId: randomUUID(),
    filter: nameFilter(request.filters ?? {}),
    skipPrimaryKeyCheck: request.skipPkCheck ?? false,
    ...(slot === undefined ? {} : { replication: { slot, recreate: request.dropAndRecreateSlot ?? false } }),
  };
}
