import { displayName } from '@tsmolt/core';
import type { ObjectStore } from '@tsmolt/core';
import { metered } from './byte-meter.js';
import { assertSameRows, exportPiece, importPiece, piecesOf, retryPiece } from './table-transfer.js';
import type { Piece, TableTransfer, TransferTimes } from './table-transfer.js';

/** A file that holds one piece, whole. */
interface ExportedFile {
  readonly key: string;
  readonly piece: Piece;
  readonly rows: number;
  readonly bytes: number;
}

/** Through files: first every piece is written to the store as CSV, then COPY loads the files. */
export async function fileCopy(
  transfer: TableTransfer,
  store: ObjectStore,
  cleanup: boolean,
): Promise<TransferTimes> {
  const started = performance.now();
  const files = await exportFiles(transfer, store);
  const exported = performance.now();
  const rows = files.flat().reduce((sum, file) => sum + file.rows, 0);
  transfer.log.extractionComplete(rows, exported - started);
  transfer.log.importStarting();
  await Promise.all(
    files.map(async (ofShard) => {
      for (const file of ofShard) await importFile(transfer, store, file);
    }),
  );
  if (cleanup) for (const file of files.flat()) await store.delete(file.key);
  return { exportMs: exported - started, importMs: performance.now() - exported };
}

function exportFiles(transfer: TableTransfer, store: ObjectStore): Promise<ExportedFile[][]> {
  return Promise.all(
    transfer.shards.map(async (shard) => {
      const files: ExportedFile[] = [];
      for (const piece of piecesOf(shard)) {
        files.push(await retryPiece(transfer, piece, () => exportFile(transfer, store, piece)));
      }
      return files;
    }),
  );
}

async function exportFile(transfer: TableTransfer, store: ObjectStore, piece: Piece): Promise<ExportedFile> {
  const { pair, signal, options } = transfer;
  const table = pair.source.name;
  const key = fileKey(displayName(table), piece);
  const source = await exportPiece(transfer, piece, 'csv');
  const meter = metered(source.stream, (bytes) =>
    options.onEvent({ type: 'progress', table, rows: 0, bytes }),
  );
  const bytes = await store.put(key, meter, signal);
  const rows = source.rows();
  options.metrics.exported(table, rows);
  return { key, piece, rows, bytes };
}

async function importFile(transfer: TableTransfer, store: ObjectStore, file: ExportedFile): Promise<void> {
  const { pair, options, ledger } = transfer;
  const table = pair.source.name;
  const { shard } = file.piece;
  const importedRows = await retryPiece(transfer, file.piece, async () =>
    importPiece(transfer, 'csv', await store.get(file.key)),
  );
  assertSameRows(transfer, file.piece, file.rows, importedRows);
  ledger.record(table, { shard, exportedRows: file.rows, importedRows, bytes: file.bytes });
  options.metrics.imported(table, importedRows);
  options.onEvent({ type: 'progress', table, rows: importedRows, bytes: 0 });
}

/** MOLT's file names: `public.orders/shard_01_part_00000001.csv`. */
function fileKey(table: string, piece: Piece): string {
  const shard = String(piece.shard).padStart(2, '0');
  return `${table}/shard_${shard}_part_${String(piece.part).padStart(8, '0')}.csv`;
}
