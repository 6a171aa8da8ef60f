import { randomUUID } from 'node:crypto';
import { displayName, pairColumns, TsmoltError } from '@tsmolt/core';
import type { SnapshotSource, Table, TableName, TablePair, TablePlan, TableRecord } from '@tsmolt/core';
import { writeReplicationScript } from '../config/write-replication-script.js';
import { chosenTables, restoreTables, withReferences } from '../continuation/restore-tables.js';
import { assertChecksumsTell } from '../checksum.js';
import { discover } from '../discover.js';
import type { Discovery } from '../discover.js';
import { openSnapshot } from '../open-snapshot.js';
import { bulkTargetOf, prepareTarget } from '../prepare-target.js';
import type { FilesRun, FilesTable, RunSource } from './files-run.js';
import { parsePartName, tableFolder } from './part-names.js';

/** What is to be done, and where the rows come from. */
export interface OpenedTables {
  readonly tables: readonly FilesTable[];
  readonly source: RunSource;
  readonly skipped: readonly TableName[];
}

/**
 * The tables of the run: planned anew, or as an earlier process left them.
 *
 * @throws TsmoltError `TSM5004` when tables are still to be exported, the snapshot of the earlier process is gone, and the
 *   source has changed since
 */
export async function openTables(run: FilesRun): Promise<OpenedTables> {
  const { options, record } = run;
  if (options.continuation === undefined || record.state === 'preparing') return startTables(run);
  const records = await run.status.tables(options.fetchId);
  assertChecksumsTell(
    options,
    records.map((table) => table.target),
  );
  const tables = chosenTables(await restoreTables(options, records), options.continuation);
  const unfinished = tables.filter((table) => table.record.state !== 'loaded');
  const toExport = unfinished.filter((table) => table.record.state === 'planned');
  options.logger.info(
    { fetch_id: options.fetchId, num_tables: unfinished.length, num_tables_to_export: toExport.length },
    'continuing fetch',
  );
  if (toExport.length === 0 && !options.checksum) {
    return { tables: unfinished, source: { cursor: record.cursor }, skipped: [] };
  }
  const snapshot = await openSnapshot(options, {
    tables: unfinished.map((table) => table.pair.source),
    resume: record.snapshot,
  });
  if (snapshot.continues)
    return { tables: unfinished, source: { cursor: record.cursor, snapshot }, skipped: [] };
  await snapshot.close('resumable');
  if (toExport.length === 0) {
    options.logger.warn('the source has changed since: no checksum can be compared with its snapshot');
    return { tables: unfinished, source: { cursor: record.cursor }, skipped: [] };
  }
  return restart(run, records, toExport);
}

/** Everything from a new snapshot, where that is sound: nothing was exported yet, or the user wants it. */
async function restart(
  run: FilesRun,
  records: readonly TableRecord[],
  toExport: readonly FilesTable[],
): Promise<OpenedTables> {
  const { options, status } = run;
  const nothingExported = toExport.length === records.length && (await exportedRanges(run, records)) === 0;
  if (!nothingExported) assertRestartWanted(run, records.length, toExport.length);
  options.logger.warn(
    { fetch_id: options.fetchId },
    'the snapshot of the interrupted run is gone: all tables are exported again from a new one',
  );
  for (const { source } of records) await deleteFiles(run, source);
  await status.clearRun(options.fetchId);
  return startTables(run);
}

async function exportedRanges(
  { options, status }: FilesRun,
  records: readonly TableRecord[],
): Promise<number> {
  let exported = 0;
  for (const { number } of records) {
    const ranges = await status.ranges(options.fetchId, number);
    exported += ranges.filter((range) => range.state === 'exported').length;
  }
  return exported;
}

function assertRestartWanted({ options }: FilesRun, all: number, toExport: number): void {
  if (options.continuation?.lostSnapshot !== 'restart') {
    throw new TsmoltError('TSM5004', {
      message:
        `the snapshot of fetch ${options.fetchId} ended with the process that held it, and the source has changed since: ` +
        `${toExport} of ${all} tables are not exported completely and would now come from another point in time`,
      advice:
        'Add --if-snapshot-lost restart to export all tables again from a new snapshot, with a new cdc_cursor ' +
        '(needs --table-handling truncate-if-exists or drop-on-target-and-recreate).',
    });
  }
  if (options.tableHandling === 'none' && options.mode === 'data-load') {
    throw new TsmoltError('TSM1001', {
      message: '--if-snapshot-lost restart with --table-handling none could load rows twice',
      advice: 'Use --table-handling truncate-if-exists or drop-on-target-and-recreate.',
    });
  }
}

/** Deletes what an export of the table wrote, and nothing else that lies there. */
async function deleteFiles({ route }: FilesRun, table: TableName): Promise<void> {
  for (const key of await route.store.list(`${tableFolder(table)}/`)) {
    if (parsePartName(key) !== undefined) await route.store.delete(key);
  }
}

/** A run from its beginning. What a killed process left of the beginning is forgotten first. */
async function startTables(run: FilesRun): Promise<OpenedTables> {
  const { options, status } = run;
  await status.clearRun(options.fetchId);
  const discovery = await discover(options);
  const snapshot = await openSnapshot(options, { tables: discovery.sourceTables });
  try {
    await status.updateRun(options.fetchId, { snapshot: snapshot.identity, cursor: snapshot.cursor });
    const pairs = await pairsOf(run, discovery);
    const tables = await recordTables(run, pairs);
    await status.updateRun(options.fetchId, { state: 'running' });
    if (options.mode === 'data-load') await writeReplicationScript(options, discovery.plans);
    return { tables, source: { cursor: snapshot.cursor, snapshot }, skipped: discovery.skipped };
  } catch (thrown) {
    await closeQuietly(snapshot);
    throw thrown;
  }
}

/** An export alone changes nothing on the target: its pairs are the tables as they are planned. */
function pairsOf({ options }: FilesRun, discovery: Discovery): Promise<readonly TablePair[]> {
  if (options.mode !== 'export-only') return prepareTarget(options, discovery);
  return Promise.resolve(
    discovery.plans.map((plan) => pairColumns(plan, plannedTarget(plan), { caseSensitive: true })),
  );
}

/** Every column can be exported, whatever the source computes it from. */
function plannedTarget({ source, target }: TablePlan): Table {
  return {
    ...source,
    name: target,
    columns: source.columns.map((column) => ({ ...column, generated: false })),
  };
}

/** Notes the tables in one transaction. */
export async function recordTables(
  { options, status, route }: FilesRun,
  pairs: readonly TablePair[],
  state: TableRecord['state'] = 'planned',
): Promise<FilesTable[]> {
  const countsBefore = options.mode !== 'export-only' && route.load === 'import';
  const records: TableRecord[] = [];
  for (const [index, pair] of pairs.entries()) {
    const { target, source, columns, filter } = pair;
    records.push({
      number: index + 1,
      source: source.name,
      target: target.name,
      columns: columns.map((column) => ({ source: column.source.name, target: column.target.name })),
      format: columns.length === 1 ? 'csv-marked-null' : 'csv',
      token: randomUUID(),
      state,
      rowsBefore: countsBefore ? await bulkTargetOf(options).countRows(target.name) : 0n,
      ...(filter === undefined ? {} : { filter }),
    });
  }
  await status.addTables(options.fetchId, records);
  options.logger.debug({ tables: records.map(({ source }) => displayName(source)) }, 'tables of the fetch');
  return withReferences(records, pairs);
}

async function closeQuietly(snapshot: SnapshotSource): Promise<void> {
  // The first error is the one to tell.
  await snapshot.close('failed').catch(() => undefined);
}
