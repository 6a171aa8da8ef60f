import { displayName, TsmoltError, withRetry } from '@tsmolt/core';
import type { ExportedFile, RangeRecord, SnapshotSource } from '@tsmolt/core';
import { planTable } from '../plan-table.js';
import type { TableLog } from '../table-log.js';
import type { FilesRun, FilesTable } from './files-run.js';
import { tableFolder } from './part-names.js';
import { compressionBufferBytes, writeParts } from './part-writer.js';

/** The export of one table. */
export interface TableExport {
  readonly run: FilesRun;
  readonly table: FilesTable;
  readonly snapshot: SnapshotSource;
  readonly log: TableLog;
  readonly signal: AbortSignal;
}

/**
 * Writes the rows of a table as files, range by range; what an earlier process has finished is not exported again.
 *
 * @returns milliseconds
 */
export async function exportTable(work: TableExport): Promise<number> {
  const { run, table, log } = work;
  const started = performance.now();
  log.extractionStarting();
  const shards = byShard(await rangesOf(work));
  const partsBefore = await partsWritten(work);
  await Promise.all(
    [...shards].map(([shard, ranges]) => exportShard(work, ranges, (partsBefore.get(shard) ?? 0) + 1)),
  );
  await run.status.updateTable(run.options.fetchId, table.record.number, { state: 'exported' });
  const elapsed = performance.now() - started;
  const files = await run.status.files(run.options.fetchId, table.record.number);
  log.extractionComplete(
    files.reduce((sum, file) => sum + (file.rows ?? 0), 0),
    elapsed,
  );
  return elapsed;
}

/** The ranges that were planned before, or new ones. */
async function rangesOf(work: TableExport): Promise<readonly RangeRecord[]> {
  const { run, table, snapshot } = work;
  const { status, options } = run;
  const known = await status.ranges(options.fetchId, table.record.number);
  if (known.length > 0) return known;
  const onePiece = options.skipPrimaryKeyCheck || (table.refersToItself && run.route.load === 'copy');
  const plan = await planTable(options, snapshot, table.pair.source, onePiece);
  const planned = plan.shards.flatMap((shard) =>
    shard.ranges.map(({ condition }, index) => ({ shard: shard.number, number: index + 1, condition })),
  );
  await status.addRanges(options.fetchId, table.record.number, planned);
  return planned.map((range) => ({ ...range, state: 'planned' as const }));
}

function byShard(ranges: readonly RangeRecord[]): Map<number, RangeRecord[]> {
  const shards = new Map<number, RangeRecord[]>();
  for (const range of ranges) {
    const shard = shards.get(range.shard);
    if (shard === undefined) shards.set(range.shard, [range]);
    else shard.push(range);
  }
  return shards;
}

/** The highest part of each shard. */
async function partsWritten({ run, table }: TableExport): Promise<Map<number, number>> {
  const parts = new Map<number, number>();
  for (const { shard, part } of await run.status.files(run.options.fetchId, table.record.number)) {
    parts.set(shard, Math.max(part, parts.get(shard) ?? 0));
  }
  return parts;
}

async function exportShard(
  work: TableExport,
  ranges: readonly RangeRecord[],
  firstPart: number,
): Promise<void> {
  let part = firstPart;
  for (const range of ranges) {
    if (range.state === 'exported') continue;
    part += (await exportRange(work, range, part)).length;
  }
}

async function exportRange(
  work: TableExport,
  range: RangeRecord,
  firstPart: number,
): Promise<readonly ExportedFile[]> {
  const { run, table, snapshot, signal } = work;
  const { options, status, worker, route } = run;
  const key = { ...range, fetchId: options.fetchId, table: table.record.number };
  if (!(await status.claimRange(key, worker.id))) throw claimedByOthers(table, range);
  const memory =
    (await snapshot.bufferBytes(table.pair.source)) + route.store.bufferBytes + compressionBufferBytes;
  const files = await options.memory.hold(memory, signal, () =>
    retryRange(work, range, () => writeRange(work, range, firstPart)),
  );
  await status.finishRange(key, worker.id, files);
  return files;
}

async function writeRange(
  work: TableExport,
  range: RangeRecord,
  firstPart: number,
): Promise<readonly ExportedFile[]> {
  const { run, table, snapshot, signal } = work;
  const { options, route, record } = run;
  const { pair } = table;
  const name = pair.source.name;
  const exported = await snapshot.export({
    table: pair.source,
    columns: pair.columns.map((column) => column.source.name),
    range,
    format: table.record.format,
    signal,
    ...(pair.filter === undefined ? {} : { filter: pair.filter }),
  });
  const files = await writeParts(exported.stream, {
    store: route.store,
    folder: tableFolder(name),
    shard: range.shard,
    range: range.number,
    firstPart,
    compression: record.files.compression,
    limits: table.refersToItself && route.load === 'copy' ? unlimited : route.flush,
    signal,
    onBytes: (bytes) => options.onEvent({ type: 'progress', table: name, rows: 0, bytes }),
  });
  const rows = files.reduce((sum, file) => sum + (file.rows ?? 0), 0);
  if (rows !== exported.rows()) throw otherCount(table, range, exported.rows(), rows);
  run.substitutions.add(name, exported);
  options.metrics.exported(name, rows);
  return files;
}

const unlimited = { rows: Infinity, bytes: Infinity };

/** A range is written again from its start: its files have the same names, and nobody has heard of them yet. */
async function retryRange<T>(work: TableExport, range: RangeRecord, write: () => Promise<T>): Promise<T> {
  const { options } = work.run;
  const table = displayName(work.table.pair.source.name);
  try {
    return await withRetry(write, {
      policy: options.retry,
      signal: work.signal,
      onRetry: (error, attempt, waitMs) =>
        options.logger.warn(
          { table, shard: range.shard, attempt, wait_ms: waitMs },
          `${error.message}; trying again`,
        ),
    });
  } catch (thrown) {
    throw thrown instanceof TsmoltError ? thrown.at(`${table}, shard ${range.shard}`) : thrown;
  }
}

function claimedByOthers(table: FilesTable, range: RangeRecord): TsmoltError {
  return new TsmoltError('TSM4010', {
    message: `shard ${range.shard} of ${displayName(table.pair.source.name)} is being exported by another process`,
    advice: 'Let that process finish, or stop it before this fetch is continued again.',
  });
}

function otherCount(table: FilesTable, range: RangeRecord, sent: number, written: number): TsmoltError {
  return new TsmoltError('TSM4004', {
    message:
      `${displayName(table.pair.source.name)}, shard ${range.shard}: the source sent ${sent} rows and ` +
      `${written} were written`,
    advice: 'This should not happen: please report it with the log at --logging debug.',
  });
}
