import { displayName, TsmoltError, withRetry } from '@tsmolt/core';
import type { FileImporter, FileKey, FileRecord, ImportFile } from '@tsmolt/core';
import type { FetchOptions } from '../options.js';
import { bulkTargetOf } from '../prepare-target.js';
import type { TableLoad } from './load-by-copy.js';

/** Files that one job of the server loads. */
interface Batch {
  readonly files: readonly FileRecord[];
  /** The job that an earlier process started for them. */
  readonly job?: string;
}

/**
 * Has the server import the files that are not loaded yet, batch by batch. A job that an earlier process started is
 * followed to its end before anything else is started.
 *
 * @returns rows that were loaded now
 * @throws TsmoltError `TSM4004` when the table does not hold the rows of all its files afterwards
 */
export async function loadByImport(work: TableLoad): Promise<number> {
  const { run, table } = work;
  const importer = importerOf(run.options);
  const files = await run.status.files(run.options.fetchId, table.record.number);
  const pending = files.filter((file) => file.state !== 'loaded');
  for (const batch of await begunBatches(work, importer, pending)) await followBatch(work, importer, batch);
  const fresh = await stillPending(work, pending);
  for (let start = 0; start < fresh.length; start += run.route.importBatchSize) {
    await importBatch(work, importer, { files: fresh.slice(start, start + run.route.importBatchSize) });
  }
  await assertRows(work, files);
  return rowsIn(pending);
}

/** What earlier processes have started: noted jobs, and at most one batch whose job nobody lived to note. */
async function begunBatches(
  work: TableLoad,
  importer: FileImporter,
  pending: readonly FileRecord[],
): Promise<Batch[]> {
  const jobs = new Map<string, FileRecord[]>();
  for (const file of pending) {
    if (file.job !== undefined) jobs.set(file.job, [...(jobs.get(file.job) ?? []), file]);
  }
  const batches: Batch[] = [...jobs].map(([job, files]) => ({ job, files }));
  const unnoted = pending.filter((file) => file.state === 'loading' && file.job === undefined);
  if (unnoted.length === 0) return batches;
  const job = await importer.findJob({
    table: work.table.pair.target.name,
    files: importFiles(work, unnoted),
    since: work.run.record.startedAt,
  });
  return job === undefined ? batches : [...batches, { job, files: unnoted }];
}

/** A job that an earlier process started may have failed because of that process' end: its files are imported again. */
async function followBatch(work: TableLoad, importer: FileImporter, batch: Batch): Promise<void> {
  try {
    await importBatch(work, importer, batch);
  } catch (thrown) {
    if (!(thrown instanceof TsmoltError) || thrown.code !== 'TSM4009') throw thrown;
    work.run.options.logger.warn(
      { table: displayName(work.table.pair.target.name), job_id: batch.job },
      `the import that was interrupted has failed and left nothing, its files are imported again: ${thrown.message}`,
    );
  }
}

async function stillPending(
  { run, table }: TableLoad,
  pending: readonly FileRecord[],
): Promise<FileRecord[]> {
  const now = await run.status.files(run.options.fetchId, table.record.number);
  const loaded = new Set(now.filter((file) => file.state === 'loaded').map((file) => file.name));
  return pending.filter((file) => !loaded.has(file.name));
}

async function importBatch(work: TableLoad, importer: FileImporter, batch: Batch): Promise<void> {
  const { run, table, signal } = work;
  const { options, status, worker } = run;
  const source = table.pair.source.name;
  const keys = batch.files.map((file): FileKey => ({
    fetchId: options.fetchId,
    table: table.record.number,
    ...file,
  }));
  const claimed = await status.claimFiles(keys, worker.id);
  if (claimed.length < keys.length) throw claimedByOthers(work);
  const rows = rowsIn(batch.files);
  try {
    await withRetry((attempt) => runImport(work, importer, batch, { keys, follow: attempt === 0 }), {
      policy: options.retry,
      signal,
      onRetry: (error, attempt, waitMs) =>
        options.logger.warn(
          { table: displayName(source), attempt, wait_ms: waitMs },
          `${error.message}; trying again`,
        ),
    });
  } catch (thrown) {
    await giveBack(work, keys, thrown);
    throw thrown;
  }
  await status.markLoaded(keys, worker.id);
  options.metrics.imported(source, rows);
}

/** A job that ended badly has left nothing. One that we know nothing more about stays noted, to be followed later. */
async function giveBack({ run }: TableLoad, keys: readonly FileKey[], thrown: unknown): Promise<void> {
  const ended = thrown instanceof TsmoltError && (thrown.code === 'TSM4009' || thrown.code === 'TSM1005');
  if (ended) await run.status.releaseFiles(keys, run.worker.id);
}

function runImport(
  work: TableLoad,
  importer: FileImporter,
  batch: Batch,
  { keys, follow }: { readonly keys: readonly FileKey[]; readonly follow: boolean },
): Promise<void> {
  const { run, table, signal } = work;
  const { options, status, worker } = run;
  const rows = rowsIn(batch.files);
  let shown = 0;
  return importer.importFiles({
    table: table.pair.target.name,
    columns: table.pair.columns.map((column) => column.target.name),
    format: table.record.format,
    files: importFiles(work, batch.files),
    since: run.record.startedAt,
    signal,
    onProgress: (fraction) => {
      const now = Math.round(rows * fraction);
      options.onEvent({ type: 'progress', table: table.pair.source.name, rows: now - shown, bytes: 0 });
      shown = now;
    },
    onJob: async (job) => {
      options.logger.info(
        { table: displayName(table.pair.target.name), job_id: job, num_files: batch.files.length },
        'import job started: the table is offline and cannot be read until it ends',
      );
      await status.noteJob(keys, worker.id, job);
    },
    ...(batch.job === undefined || !follow ? {} : { job: batch.job }),
  });
}

function importFiles({ run }: TableLoad, files: readonly FileRecord[]): ImportFile[] {
  return files.map(({ name }) => ({ name, url: run.route.store.serverUrl(name) }));
}

function rowsIn(files: readonly FileRecord[]): number {
  return files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
}

/** A detached job tells no count: the table itself does. */
async function assertRows({ run, table }: TableLoad, files: readonly FileRecord[]): Promise<void> {
  if (files.some((file) => file.rows === undefined)) return;
  const { name } = table.pair.target;
  const held = await bulkTargetOf(run.options).countRows(name);
  const wanted = table.record.rowsBefore + BigInt(rowsIn(files));
  if (held === wanted) return;
  throw new TsmoltError('TSM4004', {
    message:
      `${displayName(name)} holds ${held} rows, and ${table.record.rowsBefore} before the load and ${rowsIn(files)} ` +
      `in the files make ${wanted}`,
    advice:
      'Look for writers that use the target already; then start again with --table-handling truncate-if-exists.',
  });
}

/** @throws TsmoltError `TSM2008` for a target that cannot read files by itself */
export function importerOf(options: FetchOptions): FileImporter {
  const { importer } = bulkTargetOf(options);
  if (importer !== undefined) return importer;
  throw new TsmoltError('TSM2008', {
    message: `${options.target.product} has no IMPORT INTO`,
    advice: 'Add --use-copy, or use --direct-copy.',
  });
}

function claimedByOthers({ table }: TableLoad): TsmoltError {
  return new TsmoltError('TSM4010', {
    message: `files of ${displayName(table.pair.target.name)} are being imported by another process`,
    advice: 'Let that process finish, or stop it before this fetch is continued again.',
  });
}
