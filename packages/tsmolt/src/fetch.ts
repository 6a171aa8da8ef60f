import { randomUUID } from 'node:crypto';
import {
  ConnectionUrl,
  defaultRetryPolicy,
  MemoryBudget,
  nameFilter,
  silentLogger,
  TsmoltError,
} from '@tsmolt/core';
import type { Database } from '@tsmolt/core';
import {
  fetch as runFetch,
  FetchMetrics,
  MemoryFetchStatus,
  readRowFilters,
  readTransformations,
  readTypeMap,
} from '@tsmolt/fetch';
import type { Continuation, FetchOptions, FetchReport } from '@tsmolt/fetch';
import type { FetchRequest } from './fetch-request.js';
import { openRoute } from './fetch-route.js';
import { openSide } from './open-side.js';

/** Connections beside those that carry rows: the one that holds the snapshot, and those for catalog and status. */
const extraConnections = 4;

/**
 * Copies the tables of one database into another, from one consistent snapshot, and accounts for every row.
 *
 * @throws TsmoltError with a code, the place and an advice
 */
export async function fetch(request: FetchRequest): Promise<FetchReport> {
  return withFetchOptions(request, runFetch);
}

/** Opens what the request names, runs the work with it, and closes everything again. */
export async function withFetchOptions<Result>(
  request: FetchRequest,
  work: (options: FetchOptions) => Promise<Result>,
): Promise<Result> {
  const startedAt = performance.now();
  assertSides(request);
  const settings = await withDefaults(request);
  const route = await openRoute(request);
  const closing: { close(): Promise<void> }[] = route.kind === 'files' ? [route.store] : [];
  const openOptions = {
    allowUnencrypted: request.allowTlsModeDisable ?? false,
    applicationName: 'tsmolt fetch',
    maxConnections: settings.tableConcurrency * settings.exportConcurrency + extraConnections,
    logger: settings.logger,
  };
  try {
    const source =
      request.source === undefined
        ? nowhere('source')
        : await openSide(request.source, 'source', openOptions);
    closing.push(source);
    const target =
      request.target === undefined
        ? nowhere('target')
        : await openSide(request.target, 'target', openOptions);
    closing.push(target);
    settings.logger.debug({ source: source.product, target: target.product }, 'connected');
    return await work({ ...settings, startedAt, source, target, route });
  } finally {
    for (const opened of closing.toReversed()) await opened.close();
  }
}

function assertSides({ mode = 'data-load', source, target }: FetchRequest): void {
  if (source === undefined && mode !== 'import-only') throw missing('--source', mode);
  if (target === undefined && mode !== 'export-only') throw missing('--target', mode);
}

function missing(flag: string, mode: string): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `${flag} is missing, and --mode ${mode} needs it`,
    advice: `Add ${flag} with a connection string.`,
  });
}

/** In the place of a side that the mode does without. */
function nowhere(side: string): Database {
  return {
    url: ConnectionUrl.parse('none://', `--${side}`),
    product: `no ${side}`,
    catalog: { tables: () => Promise.resolve([]) },
    fetchStatus: new MemoryFetchStatus(),
    close: () => Promise.resolve(),
  };
}

/** MOLT's defaults, but for `maxMemory`, which is ours. */
const defaults = {
  mode: 'data-load',
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

const defaultMaxMemory = 512 * 1024 * 1024;
const defaultPtsDuration = 24 * 3_600_000;
const defaultPtsRefreshInterval = 600_000;

type Settings = Omit<FetchOptions, 'source' | 'target' | 'route' | 'startedAt'>;

async function withDefaults(request: FetchRequest): Promise<Settings> {
  const given = Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as typeof request;
  const { source: _source, target: _target, ...options } = given;
  const slot = request.replicationSlotName;
  const continuation = continuationOf(request);
  return {
    logger: silentLogger(),
    metrics: new FetchMetrics(),
    signal: new AbortController().signal,
    ...defaults,
    ...options,
    ...(await readConfiguration(request)),
    fetchId: request.fetchId ?? randomUUID(),
    filter: nameFilter(request.filters ?? {}),
    skipPrimaryKeyCheck: request.skipPkCheck ?? false,
    unrepresentable: request.unrepresentableValues ?? 'reject',
    memory: new MemoryBudget(request.maxMemory ?? defaultMaxMemory),
    protection: {
      durationMs: request.crdbPtsDuration ?? defaultPtsDuration,
      refreshMs: request.crdbPtsRefreshInterval ?? defaultPtsRefreshInterval,
    },
    ...(continuation === undefined ? {} : { continuation }),
    ...(slot === undefined ? {} : { replication: { slot, recreate: request.dropAndRecreateSlot ?? false } }),
  };
}

/** @throws TsmoltError `TSM1006` naming the file and the place in it */
async function readConfiguration({
  transformationsFile,
  typeMapFile,
  filterPath,
}: FetchRequest): Promise<Pick<FetchOptions, 'transformations' | 'typeMap' | 'rowFilters'>> {
  return {
    ...(transformationsFile === undefined
      ? {}
      : { transformations: await readTransformations(transformationsFile) }),
    ...(typeMapFile === undefined ? {} : { typeMap: await readTypeMap(typeMapFile) }),
    ...(filterPath === undefined ? {} : { rowFilters: await readRowFilters(filterPath) }),
  };
}

function continuationOf(request: FetchRequest): Continuation | undefined {
  const { fetchId, continuationToken: token, continuationFileName: fileName } = request;
  if (fetchId === undefined) {
    if (token === undefined && fileName === undefined) return undefined;
    throw new TsmoltError('TSM1001', {
      message: '--continuation-token and --continuation-file-name need --fetch-id',
      advice: 'Add the --fetch-id of the fetch that is to go on: see `tsmolt fetch tokens list`.',
    });
  }
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(fetchId)) {
    throw new TsmoltError('TSM1001', {
      message: `--fetch-id ${fetchId} is not a UUID`,
      advice: 'Copy it from the log of the fetch, or from `tsmolt fetch tokens list`.',
    });
  }
  return {
    lostSnapshot: request.ifSnapshotLost ?? 'fail',
    ...(token === undefined ? {} : { token }),
    ...(fileName === undefined ? {} : { fileName }),
  };
}
