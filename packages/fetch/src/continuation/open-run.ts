import { TsmoltError } from '@tsmolt/core';
import type { FetchStatus, RunRecord } from '@tsmolt/core';
import type { FetchOptions, FilesRoute } from '../options.js';

/** Where the fetch is remembered. @throws TsmoltError `TSM2008` for a target that cannot */
export function statusOf(options: FetchOptions): FetchStatus {
  if (options.target.fetchStatus !== undefined) return options.target.fetchStatus;
  throw new TsmoltError('TSM2008', {
    message: `${options.target.product} at ${options.target.url.host} cannot be the target of fetch`,
    advice: 'Use a CockroachDB or PostgreSQL target.',
  });
}

/**
 * Begins the run, or makes sure that there is one to go on.
 *
 * @throws TsmoltError `TSM1007` when there is none to go on, `TSM1001` when its files lie elsewhere
 */
export async function openRun(options: FetchOptions, route: FilesRoute, status: FetchStatus): Promise<void> {
  await status.prepare();
  if (options.continuation === undefined) {
    await status.createRun({
      fetchId: options.fetchId,
      source: options.source.url.toString(),
      storage: route.store.description,
      files: { compression: route.compression },
    });
  }
  await currentRun(options, route, status);
}

/**
 * The run as it is noted now. Ask when no other process has it: until then it may be begun or completed.
 *
 * @throws TsmoltError as `openRun`
 */
export async function currentRun(
  options: FetchOptions,
  route: FilesRoute,
  status: FetchStatus,
): Promise<RunRecord> {
  const record = await status.findRun(options.fetchId);
  if (record === undefined) throw unknownRun(options);
  if (options.continuation !== undefined) assertContinuable(options, route, record);
  return record;
}

function assertContinuable(options: FetchOptions, route: FilesRoute, record: RunRecord): void {
  if (record.state === 'complete') {
    throw new TsmoltError('TSM1007', {
      message: `fetch ${options.fetchId} is complete: there is nothing to continue`,
      advice: 'Leave out --fetch-id to start a new one.',
    });
  }
  if (record.storage !== route.store.description) {
    throw new TsmoltError('TSM1001', {
      message: `fetch ${options.fetchId} has its files in ${record.storage}, not in ${route.store.description}`,
      advice: 'Give the --bucket-path or --local-path that it was started with.',
    });
  }
  const source = options.source.url.toString();
  if (record.source !== source) {
    throw new TsmoltError('TSM1001', {
      message: `fetch ${options.fetchId} was started from ${record.source}, not from ${source}`,
      advice: 'Give the --source that it was started with.',
    });
  }
}

function unknownRun(options: FetchOptions): TsmoltError {
  return new TsmoltError('TSM1007', {
    message: `the target at ${options.target.url.host} knows no fetch ${options.fetchId}`,
    advice: 'See `tsmolt fetch tokens list --conn-string TARGET` for those that can be continued.',
  });
}
