import { displayName, TsmoltError, withRetry } from '@tsmolt/core';
import type { FileKey, FileRecord } from '@tsmolt/core';
import { metered } from '../byte-meter.js';
import { bulkTargetOf } from '../prepare-target.js';
import type { FilesRun, FilesTable } from './files-run.js';
import { compressionBufferBytes } from './part-writer.js';
import { readPart } from './part-reader.js';

/** The load of one table's files. */
export interface TableLoad {
  readonly run: FilesRun;
  readonly table: FilesTable;
  readonly signal: AbortSignal;
}

/**
 * Loads the files that are not loaded yet, each in one transaction together with the note that it was: a file can neither
 * be lost nor loaded twice, whenever this process is killed.
 *
 * @returns rows that were loaded now
 */
export async function loadByCopy(work: TableLoad): Promise<number> {
  const { run, table } = work;
  const files = await run.status.files(run.options.fetchId, table.record.number);
  const shards = new Map<number, FileRecord[]>();
  for (const file of files) {
    if (file.state !== 'loaded') shards.set(file.shard, [...(shards.get(file.shard) ?? []), file]);
  }
  const rows = await Promise.all([...shards.values()].map((ofShard) => loadShard(work, ofShard)));
  return rows.reduce((sum, count) => sum + count, 0);
}

async function loadShard(work: TableLoad, files: readonly FileRecord[]): Promise<number> {
  let rows = 0;
  for (const file of files) rows += await loadFile(work, file);
  return rows;
}

async function loadFile(work: TableLoad, file: FileRecord): Promise<number> {
  const { run, table, signal } = work;
  const { options, status, worker, route } = run;
  const key: FileKey = { fetchId: options.fetchId, table: table.record.number, ...file };
  const [claimed] = await status.claimFiles([key], worker.id);
  if (claimed === undefined) throw claimedByOthers(table, file);
  const memory = bulkTargetOf(options).bufferBytes + route.store.bufferBytes + compressionBufferBytes;
  const rows = await options.memory
    .hold(memory, signal, () =>
      withRetry(() => copyFile(work, file, claimed), {
        policy: options.retry,
        signal,
        onRetry: (error, attempt, waitMs) =>
          options.logger.warn(
            { file: file.name, attempt, wait_ms: waitMs },
            `${error.message}; trying again`,
          ),
      }),
    )
    .catch((thrown: unknown) => {
      throw thrown instanceof TsmoltError
        ? thrown.at(`${displayName(table.pair.target.name)}, ${file.name}`)
        : thrown;
    });
  options.metrics.imported(table.pair.source.name, rows);
  options.onEvent({ type: 'progress', table: table.pair.source.name, rows, bytes: 0 });
  return rows;
}

async function copyFile(work: TableLoad, file: FileRecord, claimed: FileKey): Promise<number> {
  const { run, table, signal } = work;
  const data = await readPart(run.route.store, file, signal);
  const request = {
    table: table.pair.target.name,
    columns: table.pair.columns.map((column) => column.target.name),
    format: table.record.format,
    signal,
    receipt: {
      file: claimed,
      worker: run.worker.id,
      ...(file.rows === undefined ? {} : { rows: file.rows }),
    },
  };
  return bulkTargetOf(run.options).copyIn(
    request,
    metered(data, () => undefined),
  );
}

function claimedByOthers(table: FilesTable, file: FileRecord): TsmoltError {
  return new TsmoltError('TSM4010', {
    message: `${file.name} is being loaded into ${displayName(table.pair.target.name)} by another process`,
    advice: 'Let that process finish, or stop it before this fetch is continued again.',
  });
}
