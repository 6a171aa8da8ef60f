import { nameFilter, silentLogger } from '@tsmolt/core';
import type { Logger, NameFilterPatterns } from '@tsmolt/core';
import { readRowFilters, readTransformations } from '@tsmolt/fetch';
import { verify as runVerify, VerifyMetrics } from '@tsmolt/verify';
import type { VerifyOptions, VerifyReport } from '@tsmolt/verify';
import { openSide } from './open-side.js';

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
  readonly logger?: Logger;
  readonly metrics?: VerifyMetrics;
  readonly signal?: AbortSignal;
}

/** MOLT's defaults, but for `namedRows`, which is ours. */
const defaults = { concurrency: 16, rowBatchSize: 20_000, namedRows: 100 };

/**
 * Compares two databases, table by table.
 *
 * @returns what differs; `equal` is true where nothing does
 * @throws TsmoltError when it could not be told
 */
export async function verify(request: VerifyRequest): Promise<VerifyReport> {
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
      return await runVerify({
        source,
        target,
        concurrency,
        logger,
        filter: nameFilter(request.filters ?? {}),
        caseSensitive: request.caseSensitive ?? false,
        rowBatchSize: request.rowBatchSize ?? defaults.rowBatchSize,
        namedRows: request.namedRows ?? defaults.namedRows,
        redactValues: request.redactValues ?? false,
        metrics: request.metrics ?? new VerifyMetrics(),
        signal: request.signal ?? new AbortController().signal,
        ...rules,
      });
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
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
