import { asTsmoltError, displayName } from '@tsmolt/core';
import type { FetchStatus } from '@tsmolt/core';
import { currentRun, openRun, statusOf } from '../continuation/open-run.js';
import { assertContinuationFile } from '../continuation/restore-tables.js';
import { Worker } from '../continuation/worker.js';
import { inOrder } from '../in-order.js';
import type { FetchOptions, FilesRoute } from '../options.js';
import type { FetchReport } from '../report.js';
import { announce, conclude } from '../run-log.js';
import { Substitutions } from '../substitutions.js';
import { fetchTableThroughFiles } from './fetch-table.js';
import type { FilesRun } from './files-run.js';
import { openImport } from './import-files.js';
import { importerOf } from './load-by-import.js';
import { writeManifest } from './write-manifest.js';
import { openTables } from './open-tables.js';
import type { OpenedTables } from './open-tables.js';
import { reportUnvalidated } from './unvalidated-constraints.js';

/** Export into files, load from files, or both; what is interrupted can be continued by its fetch id. */
export async function fetchThroughFiles(options: FetchOptions, route: FilesRoute): Promise<FetchReport> {
  const status = statusOf(options);
  if (options.mode !== 'export-only' && route.load === 'import') importerOf(options);
  await openRun(options, route, status);
  const worker = await Worker.start(status, options);
  try {
    const record = await currentRun(options, route, status);
    const substitutions = new Substitutions(options.logger);
    return await runToItsEnd({ options, route, status, worker, record, substitutions });
  } catch (thrown) {
    await tellHowToContinue(options, status, thrown);
    throw thrown;
  } finally {
    // A worker that could not say goodbye counts as gone a few seconds later.
    await worker.end().catch(() => undefined);
  }
}

async function runToItsEnd(run: FilesRun): Promise<FetchReport> {
  const { options, status } = run;
  const opened = options.mode === 'import-only' ? await openImport(run) : await openTables(run);
  const { snapshot } = opened.source;
  try {
    await assertWantedFile(run, opened);
    const report = await moveTables(run, opened);
    const left = await tablesLeft(run);
    if (left.length === 0 || options.mode !== 'export-only') await finish(run, opened);
    await snapshot?.close(left.length === 0 ? 'complete' : 'resumable');
    if (left.length === 0) await status.updateRun(options.fetchId, { state: 'complete' });
    else tellWhatIsLeft(run, left);
    return report;
  } catch (thrown) {
    await snapshot?.close(status.durable ? 'resumable' : 'failed').catch((second: unknown) => {
      options.logger.error(
        { cause: String(second) },
        'the snapshot could not be closed: look for a replication slot that is left on the source',
      );
    });
    throw thrown;
  }
}

/** A token continues its table alone: the others of the fetch are still to be done. */
async function tablesLeft({ options, status }: FilesRun): Promise<string[]> {
  const done = options.mode === 'export-only' ? ['exported', 'loaded'] : ['loaded'];
  const tables = await status.tables(options.fetchId);
  return tables.filter(({ state }) => !done.includes(state)).map(({ source }) => displayName(source));
}

function tellWhatIsLeft({ options }: FilesRun, tables: readonly string[]): void {
  options.logger.warn(
    { fetch_id: options.fetchId, tables },
    `tables of the fetch are left: run the command again with --fetch-id ${options.fetchId} and without --continuation-token`,
  );
}

async function moveTables(run: FilesRun, opened: OpenedTables): Promise<FetchReport> {
  const { options } = run;
  const { tables, source, skipped } = opened;
  announce(
    options,
    tables.map((table) => table.pair.source),
    source.cursor,
  );
  const order = { concurrency: options.tableConcurrency, signal: options.signal };
  const reports = await inOrder(tables, order, (table, signal) =>
    fetchTableThroughFiles({ run, table, source, signal }),
  );
  return conclude(options, { cdcCursor: source.cursor, tables: reports, skipped });
}

async function finish(run: FilesRun, opened: OpenedTables): Promise<void> {
  const { options, route } = run;
  if (options.mode === 'export-only') return writeManifest(run, opened);
  if (route.load === 'import') await reportUnvalidated(run, opened.tables);
  // As the reference: what was continued keeps its files.
  if (route.cleanup && options.continuation === undefined) await deleteFiles(run, opened);
}

async function deleteFiles({ options, route, status }: FilesRun, opened: OpenedTables): Promise<void> {
  for (const { record } of opened.tables) {
    for (const file of await status.files(options.fetchId, record.number))
      await route.store.delete(file.name);
  }
}

async function assertWantedFile({ options, status }: FilesRun, opened: OpenedTables): Promise<void> {
  const fileName = options.continuation?.fileName;
  if (fileName === undefined) return;
  const files: { name: string; state: string }[] = [];
  for (const { record } of opened.tables) files.push(...(await status.files(options.fetchId, record.number)));
  assertContinuationFile(fileName, files);
}

/** The last thing that a person reads after a failure: what to type. */
async function tellHowToContinue(options: FetchOptions, status: FetchStatus, thrown: unknown): Promise<void> {
  if (!status.durable || asTsmoltError(thrown).code === 'TSM1007') return;
  const run = await status.findRun(options.fetchId).catch(() => undefined);
  // Before that nothing was done that could go on.
  if (run?.state !== 'running') return;
  const tokens = await status.tokens(1000).catch(() => []);
  for (const { token, table, file, fetchId } of tokens) {
    if (fetchId !== options.fetchId) continue;
    options.logger.info(
      { fetch_id: fetchId, continuation_token: token, table: `${table.schema}.${table.table}`, file },
      'table to continue',
    );
  }
  options.logger.warn(
    { fetch_id: options.fetchId },
    `the fetch can go on where it stopped: run the same command again with --fetch-id ${options.fetchId}`,
  );
}
