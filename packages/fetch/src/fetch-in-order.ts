import { setMaxListeners } from 'node:events';
import { asTsmoltError, displayName, Ledger, loadOrder, stoppedOnRequest } from '@tsmolt/core';
import type { LoadOrder, SnapshotSource, TablePair, TsmoltError } from '@tsmolt/core';
import pLimit from 'p-limit';
import { fetchTable } from './fetch-table.js';
import type { TableWork } from './fetch-table.js';
import type { FetchOptions } from './options.js';
import { bulkTargetOf } from './prepare-target.js';
import type { TableReport } from './report.js';
import { TableLog } from './table-log.js';

/**
 * Moves as many tables at a time as allowed, none before the tables that its foreign keys point at, and none after a
 * failure or a stop. `discover` has made sure that their foreign keys do not go round in a circle.
 *
 * @throws TsmoltError the first failure; the others are only its echo
 */
export async function fetchInOrder(
  options: FetchOptions,
  snapshot: SnapshotSource,
  pairs: readonly TablePair[],
): Promise<TableReport[]> {
  const order = loadOrder(pairs.map((pair) => pair.target));
  const failure = new AbortController();
  const signal = AbortSignal.any([options.signal, failure.signal]);
  // Every stream of every shard listens: their number is bounded by the concurrency, not by Node's guess at a leak.
  setMaxListeners(0, signal);
  const limit = pLimit(options.tableConcurrency);
  const shared = { options, snapshot, target: bulkTargetOf(options), ledger: new Ledger(), signal };
  let firstError: TsmoltError | undefined;

  const fetchOne = async (pair: TablePair): Promise<TableReport> => {
    try {
      await Promise.all(parentsOf(pair, pairs, order).map(start));
      return await limit(() =>
        fetchUnlessStopped({ ...shared, pair, log: new TableLog(options.logger, pair.source.name) }, order),
      );
    } catch (thrown) {
      firstError ??= asTsmoltError(thrown);
      failure.abort();
      throw thrown;
    }
  };
  const running = new Map<TablePair, Promise<TableReport>>();
  const start = (pair: TablePair): Promise<TableReport> => {
    const started = running.get(pair) ?? fetchOne(pair);
    running.set(pair, started);
    return started;
  };

  const results = await Promise.allSettled(pairs.map(start));
  if (firstError !== undefined) throw firstError;
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

function fetchUnlessStopped(work: TableWork, order: LoadOrder): Promise<TableReport> {
  if (work.signal.aborted) throw stoppedOnRequest();
  const refersToItself = order.selfReferencing.has(displayName(work.pair.target.name));
  return fetchTable(work, refersToItself || work.options.skipPrimaryKeyCheck);
}

function parentsOf(pair: TablePair, pairs: readonly TablePair[], order: LoadOrder): TablePair[] {
  const parents = order.parents.get(displayName(pair.target.name));
  if (parents === undefined || parents.size === 0) return [];
  return pairs.filter((other) => parents.has(displayName(other.target.name)));
}
