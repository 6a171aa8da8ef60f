import type { SnapshotSource, TablePair } from '@tsmolt/core';
import { checksumTable } from '../checksum.js';
import type { FetchOptions } from '../options.js';
import { planTable } from '../plan-table.js';
import type { TableReport } from '../report.js';
import { directCopy } from './direct-copy.js';
import type { TableTransfer } from './table-transfer.js';

/** What the transfer of a table needs, before its shards are known. */
export type TableWork = Omit<TableTransfer, 'shards' | 'memory'>;

/**
 * Moves one table straight from server to server and, where asked for, hashes it on both sides.
 *
 * @param onePiece load all rows in one statement: for keys that point into their own table, and `--skip-pk-check`
 */
export async function fetchTable(work: TableWork, onePiece: boolean): Promise<TableReport> {
  const { options, pair, snapshot, ledger, log } = work;
  const table = pair.source.name;
  const started = performance.now();
  options.onEvent({ type: 'table started', table });
  log.extractionStarting();
  const { shards } = await planTable(options, snapshot, pair.source, onePiece);
  const memory = (await snapshot.bufferBytes(pair.source)) + work.target.bufferBytes;
  const times = await directCopy({ ...work, shards, memory });
  const checksum = await checksumWhereWanted(options, snapshot, pair, work.signal);
  const report: TableReport = {
    table,
    ...ledger.totals(table),
    ...times,
    netMs: performance.now() - started,
    replacedValues: work.substitutions.of(table),
    ...(checksum === undefined ? {} : { checksum }),
  };
  log.importComplete(report, snapshot.cursor);
  options.metrics.tableDurations(table, times.exportMs, times.importMs);
  options.onEvent({ type: 'table finished', report });
  return report;
}

async function checksumWhereWanted(
  options: FetchOptions,
  snapshot: SnapshotSource,
  pair: TablePair,
  signal: AbortSignal,
): Promise<TableReport['checksum']> {
  if (!options.checksum) return undefined;
  options.onEvent({ type: 'table hashing', table: pair.source.name });
  return checksumTable(options, snapshot, pair, signal);
}
