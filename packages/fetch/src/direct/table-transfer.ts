import type { Readable } from 'node:stream';
import { displayName, TsmoltError, withRetry } from '@tsmolt/core';
import type {
  BulkTarget,
  CopyFormat,
  ExportStream,
  Ledger,
  RowRange,
  Shard,
  SnapshotSource,
  TablePair,
} from '@tsmolt/core';
import type { FetchOptions } from '../options.js';
import type { Substitutions } from '../substitutions.js';
import type { TableLog } from '../table-log.js';

/** Everything that the transfer of one table works with. */
export interface TableTransfer {
  readonly options: FetchOptions;
  readonly snapshot: SnapshotSource;
  readonly target: BulkTarget;
  readonly ledger: Ledger;
  readonly pair: TablePair;
  readonly log: TableLog;
  readonly shards: readonly Shard[];
  readonly substitutions: Substitutions;
  /** Bytes that one piece may hold in buffers on its way. */
  readonly memory: number;
  /** Fires when the user stops the run and when another table has failed. */
  readonly signal: AbortSignal;
}

/** Milliseconds that a table's two halves took; for a direct copy they are the same time. */
export interface TransferTimes {
  readonly exportMs: number;
  readonly importMs: number;
}

/** One range of one shard. */
export interface Piece {
  readonly shard: number;
  /** 1-based, within the shard. */
  readonly part: number;
  readonly range: RowRange;
}

export function piecesOf(shard: Shard): Piece[] {
  return shard.ranges.map((range, index) => ({ shard: shard.number, part: index + 1, range }));
}

/**
 * The format that both sides know and that fits the columns. Binary rows need every column to have one layout on both
 * sides; text in any format is parsed by the target, so it always fits.
 */
export function commonFormat(transfer: TableTransfer): CopyFormat {
  const binary = transfer.pair.columns.every(
    ({ source, target }) => source.binaryLayout !== undefined && source.binaryLayout === target.binaryLayout,
  );
  const format = transfer.snapshot.exportFormats.find(
    (candidate) =>
      transfer.target.importFormats.includes(candidate) &&
      (candidate !== 'binary' || binary) &&
      (candidate !== 'csv' || transfer.pair.columns.length > 1),
  );
  if (format !== undefined) return format;
  throw new TsmoltError('TSM2008', {
    message: `${transfer.options.source.product} and ${transfer.options.target.product} share no row format`,
    advice: 'Use another route: see --bucket-path and --local-path.',
  });
}

/** Starts the export of a piece out of the snapshot. */
export function exportPiece(
  transfer: TableTransfer,
  piece: Piece,
  format: CopyFormat,
): Promise<ExportStream> {
  return transfer.snapshot.export({
    table: transfer.pair.source,
    columns: transfer.pair.columns.map((column) => column.source.name),
    range: piece.range,
    ...(transfer.pair.filter === undefined ? {} : { filter: transfer.pair.filter }),
    format,
    signal: transfer.signal,
  });
}

/** Loads a piece in one transaction. @returns the target's count of rows */
export function importPiece(transfer: TableTransfer, format: CopyFormat, data: Readable): Promise<number> {
  const columns = transfer.pair.columns.map((column) => column.target.name);
  return transfer.target.copyIn(
    { table: transfer.pair.target.name, columns, format, signal: transfer.signal },
    data,
  );
}

/** Repeats work on a piece while that is safe, says so in the log, and names table and shard in the last error. */
export async function retryPiece<T>(
  transfer: TableTransfer,
  piece: Piece,
  work: () => Promise<T>,
): Promise<T> {
  const { options, signal } = transfer;
  const table = displayName(transfer.pair.source.name);
  try {
    return await withRetry(work, {
      policy: options.retry,
      signal,
      onRetry: (error, attempt, waitMs) =>
        options.logger.warn(
          { table, shard: piece.shard, attempt, wait_ms: waitMs },
          `${error.message}; trying again`,
        ),
    });
  } catch (thrown) {
    throw thrown instanceof TsmoltError ? thrown.at(placeOf(transfer, piece)) : thrown;
  }
}

/** @throws TsmoltError `TSM4004` when the two servers counted differently */
export function assertSameRows(
  transfer: TableTransfer,
  piece: Piece,
  exportedRows: number,
  importedRows: number,
): void {
  if (exportedRows === importedRows) return;
  throw new TsmoltError('TSM4004', {
    message: `${placeOf(transfer, piece)}: the source sent ${exportedRows} rows and the target took ${importedRows}`,
    advice:
      'Look for triggers or rules on the target table that drop or add rows, remove them for the load, and run again ' +
      'with --table-handling truncate-if-exists.',
  });
}

/** `public.orders, shard 2`: where something happened, for a person. */
function placeOf(transfer: TableTransfer, piece: Piece): string {
  return `${displayName(transfer.pair.source.name)}, shard ${piece.shard}`;
}
