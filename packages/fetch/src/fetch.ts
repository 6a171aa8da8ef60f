import { displayName, TsmoltError } from '@tsmolt/core';
import type { SnapshotSource } from '@tsmolt/core';
import { discover } from './discover.js';
import type { Discovery } from './discover.js';
import { fetchInOrder } from './fetch-in-order.js';
import type { FetchOptions } from './options.js';
import { prepareTarget } from './prepare-target.js';
import type { FetchReport, TableReport } from './report.js';
import { duration } from './table-log.js';

/**
 * Copies the tables of one database into another, from one consistent snapshot, and accounts for every row.
 *
 * @returns what was moved; both servers counted the same rows in every shard, and where checksums were asked for they
 *   are equal
 * @throws TsmoltError; what was loaded until then stays on the target, and `truncate-if-exists` starts again cleanly
 */
export async function fetch(options: FetchOptions): Promise<FetchReport> {
  const started = performance.now();
  const discovery = await discover(options);
  const snapshot = await openSnapshot(options, discovery);
  try {
    const tables = await moveTables(options, discovery, snapshot);
    const report = {
      fetchId: options.fetchId,
      cdcCursor: snapshot.cursor,
      tables,
      netMs: performance.now() - started,
    };
    assertChecksums(tables);
    await snapshot.close('complete');
    logComplete(options, report);
    return report;
  } catch (thrown) {
    await snapshot.close('failed').catch((second: unknown) => {
      options.logger.error(
        { cause: String(second) },
        'the snapshot could not be closed: look for a replication slot that is left on the source',
      );
    });
    throw thrown;
  }
}

async function openSnapshot(options: FetchOptions, discovery: Discovery): Promise<SnapshotSource> {
  if (options.source.openSnapshot === undefined) {
    throw new TsmoltError('TSM2008', {
      message: `${options.source.product} at ${options.source.url.host} cannot be the source of fetch`,
      advice: 'Use a PostgreSQL source.',
    });
  }
  const { replication } = options;
  const snapshot = await options.source.openSnapshot({
    wantCursor: !options.ignoreReplicationCheck,
    maxConnections: options.tableConcurrency * options.exportConcurrency,
    tables: discovery.sourceTables,
    unrepresentable: 'reject',
    protection: { durationMs: 24 * 3_600_000, refreshMs: 600_000 },
    ...(replication === undefined ? {} : { replication }),
  });
  for (const warning of snapshot.warnings) options.logger.warn(warning);
  return snapshot;
}

async function moveTables(
  options: FetchOptions,
  discovery: Discovery,
  snapshot: SnapshotSource,
): Promise<TableReport[]> {
  const { sourceTables } = discovery;
  options.metrics.tables(sourceTables.length);
  options.logger.info(
    { type: 'summary', num_tables: sourceTables.length, cdc_cursor: snapshot.cursor },
    'starting fetch',
  );
  options.onEvent({
    type: 'planned',
    tables: sourceTables.map(({ name, estimate }) => ({
      name,
      estimatedRows: estimate.rows,
      estimatedBytes: estimate.bytes,
    })),
  });
  const pairs = await prepareTarget(options, discovery);
  return fetchInOrder(options, snapshot, pairs);
}

function assertChecksums(tables: readonly TableReport[]): void {
  const different = tables.filter((report) => report.checksum?.equal === false);
  const [first] = different;
  if (first?.checksum === undefined) return;
  const names = different.map((report) => displayName(report.table)).join(', ');
  throw new TsmoltError('TSM4005', {
    message:
      `the rows of ${names} are not the same on both sides: ${displayName(first.table)} has ` +
      `${first.checksum.sourceRows} rows hashing to ${first.checksum.source} on the source and ` +
      `${first.checksum.targetRows} rows hashing to ${first.checksum.target} on the target`,
    advice:
      'Look for rows that the target held before (--table-handling none keeps them), for triggers on the target, ' +
      'and for writers that already use it.',
  });
}

function logComplete(options: FetchOptions, report: FetchReport): void {
  options.metrics.finished(report.netMs);
  options.logger.info(
    {
      type: 'summary',
      fetch_id: report.fetchId,
      num_tables: report.tables.length,
      tables: report.tables.map((table) => displayName(table.table)),
      skipped_unmigratable_tables: [],
      cdc_cursor: report.cdcCursor,
      ...duration('net', report.netMs),
    },
    'fetch complete',
  );
}
