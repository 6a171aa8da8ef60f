import type { CopyFormat } from '@tsmolt/core';
import { metered } from '../byte-meter.js';
import {
  assertSameRows,
  commonFormat,
  exportPiece,
  importPiece,
  piecesOf,
  retryPiece,
} from './table-transfer.js';
import type { Piece, TableTransfer, TransferTimes } from './table-transfer.js';

/** Server to server: COPY out of the snapshot, COPY into the target, the bytes of the one are the bytes of the other. */
export async function directCopy(transfer: TableTransfer): Promise<TransferTimes> {
  const format = commonFormat(transfer);
  const started = performance.now();
  transfer.log.importStarting();
  await Promise.all(
    transfer.shards.map(async (shard) => {
      for (const piece of piecesOf(shard)) await copyPiece(transfer, format, piece);
    }),
  );
  const elapsed = performance.now() - started;
  transfer.log.extractionComplete(transfer.ledger.totals(transfer.pair.source.name).exportedRows, elapsed);
  return { exportMs: elapsed, importMs: elapsed };
}

/** A piece is one transaction on the target: it may be tried again until it is committed. */
async function copyPiece(transfer: TableTransfer, format: CopyFormat, piece: Piece): Promise<void> {
  const { options, pair, ledger } = transfer;
  const table = pair.source.name;
  const result = await options.memory.hold(transfer.memory, transfer.signal, () =>
    retryPiece(transfer, piece, async () => {
      const source = await exportPiece(transfer, piece, format);
      const meter = metered(source.stream, (bytes) =>
        options.onEvent({ type: 'progress', table, rows: 0, bytes }),
      );
      const importedRows = await importPiece(transfer, format, meter);
      transfer.substitutions.add(table, source);
      return { exportedRows: source.rows(), importedRows, bytes: meter.bytes };
    }),
  );
  assertSameRows(transfer, piece, result.exportedRows, result.importedRows);
  ledger.record(table, { shard: piece.shard, ...result });
  options.metrics.exported(table, result.exportedRows);
  options.metrics.imported(table, result.importedRows);
  options.onEvent({ type: 'progress', table, rows: result.importedRows, bytes: 0 });
}
