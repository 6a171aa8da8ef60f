import type { SnapshotSource } from '@tsmolt/core';
import { checksumTable } from '../checksum.js';
import type { TableReport } from '../report.js';
import { TableLog } from '../table-log.js';
import { exportTable } from './export-table.js';
import type { FilesRun, FilesTable, RunSource } from './files-run.js';
import { loadByCopy } from './load-by-copy.js';
import { loadByImport } from './load-by-import.js';

export interface FilesTableWork {
  readonly run: FilesRun;
  readonly table: FilesTable;
  readonly source: RunSource;
  readonly signal: AbortSignal;
}

/** Takes one table from wherever an earlier process left it to its end: exported, then loaded, as the mode says. */
export async function fetchTableThroughFiles(work: FilesTableWork): Promise<TableReport> {
  const { run, table, source, signal } = work;
  const { options } = run;
  const name = table.pair.source.name;
  const log = new TableLog(options.logger, name);
  const started = performance.now();
  options.onEvent({ type: 'table started', table: name });
  const { snapshot } = source;
  const exportMs =
    table.record.state === 'planned' && snapshot !== undefined
      ? await exportTable({ run, table, snapshot, log, signal })
      : 0;
  const importMs = options.mode === 'export-only' ? 0 : await loadTable(work, log);
  const checksum = await checksumWhereWanted(work, snapshot);
  const report: TableReport = {
    ...(await totals(work)),
    exportMs,
    importMs,
    netMs: performance.now() - started,
    replacedValues: run.substitutions.of(name),
    ...(checksum === undefined ? {} : { checksum }),
  };
  if (options.mode !== 'export-only') log.importComplete(report, source.cursor);
  options.metrics.tableDurations(name, exportMs, importMs);
  options.onEvent({ type: 'table finished', report });
  return report;
}

async function loadTable({ run, table, signal }: FilesTableWork, log: TableLog): Promise<number> {
  const started = performance.now();
  log.importStarting();
  await (run.route.load === 'copy'
    ? loadByCopy({ run, table, signal })
    : loadByImport({ run, table, signal }));
  await run.status.updateTable(run.options.fetchId, table.record.number, { state: 'loaded' });
  return performance.now() - started;
}

function checksumWhereWanted(
  { run, table, signal }: FilesTableWork,
  snapshot: SnapshotSource | undefined,
): Promise<TableReport['checksum']> {
  const { options } = run;
  if (!options.checksum || snapshot === undefined || options.mode !== 'data-load') {
    return Promise.resolve(undefined);
  }
  options.onEvent({ type: 'table hashing', table: table.pair.source.name });
  return checksumTable(options, snapshot, table.pair, signal);
}

/** Of the whole table, whichever process did it. Each file was loaded with the rows that it holds, or not at all. */
async function totals({
  run,
  table,
}: FilesTableWork): Promise<
  Pick<TableReport, 'table' | 'exportedRows' | 'importedRows' | 'bytes' | 'shards'>
> {
  const files = await run.status.files(run.options.fetchId, table.record.number);
  const rows = (wanted: typeof files): number => wanted.reduce((sum, file) => sum + (file.rows ?? 0), 0);
  return {
    table: table.pair.source.name,
    exportedRows: rows(files),
    importedRows: rows(files.filter((file) => file.state === 'loaded')),
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    shards: new Set(files.map((file) => file.shard)).size,
  };
}
