import type { ClientBase, QueryResultRow } from 'pg';
import { displayFile } from '@tsmolt/core';
import type { ExportedFile, FileKey, FileRecord, PlannedRange, RangeKey, RangeRecord } from '@tsmolt/core';
import { free, statusSchema } from './layout.js';
import { takenOver } from './receipts.js';

const ofRange = 'fetch_id = $1 AND table_number = $2 AND shard = $3 AND range_number = $4';

function valuesOf(range: RangeKey): (string | number)[] {
  return [range.fetchId, range.table, range.shard, range.number];
}

export interface TableKey {
  readonly fetchId: string;
  readonly table: number;
}

/**
 * Arrays that are unnested side by side: one statement for any number of ranges.
 *
 * @throws TsmoltError `TSM4010` when somebody else has planned the table
 */
export async function insertRanges(
  client: ClientBase,
  key: TableKey,
  ranges: readonly PlannedRange[],
): Promise<void> {
  const { fetchId, table } = key;
  const { rowCount } = await client.query(
    `INSERT INTO ${statusSchema}.ranges (fetch_id, table_number, shard, range_number, condition, state)
      SELECT $1::UUID, $2::INT8, unnest($3::INT8[]), unnest($4::INT8[]), unnest($5::TEXT[]), 'planned'
      ON CONFLICT DO NOTHING`,
    [
      fetchId,
      table,
      ranges.map((range) => range.shard),
      ranges.map((range) => range.number),
      ranges.map((range) => range.condition),
    ],
  );
  if (rowCount === ranges.length) return;
  // Those of a first attempt whose answer was lost are the same.
  const noted = new Set((await selectRanges(client, key)).map(displayRange));
  if (noted.size !== ranges.length || !ranges.every((range) => noted.has(displayRange(range))))
    throw takenOver(`the export of table ${table} of fetch ${fetchId}`);
}

function displayRange({ shard, number, condition }: PlannedRange): string {
  return `${shard}/${number}: ${condition}`;
}

interface RangeRow extends QueryResultRow {
  readonly shard: string;
  readonly number: string;
  readonly condition: string;
  readonly state: RangeRecord['state'];
}

export async function selectRanges(client: ClientBase, { fetchId, table }: TableKey): Promise<RangeRecord[]> {
  const { rows } = await client.query<RangeRow>(
    `SELECT shard, range_number AS number, condition, state FROM ${statusSchema}.ranges
      WHERE fetch_id = $1 AND table_number = $2 ORDER BY shard, range_number`,
    [fetchId, table],
  );
  return rows.map((row) => ({ ...row, shard: Number(row.shard), number: Number(row.number) }));
}

export async function claimRange(client: ClientBase, range: RangeKey, worker: string): Promise<boolean> {
  const { rowCount } = await client.query(
    `UPDATE ${statusSchema}.ranges SET claimed_by = $5
      WHERE ${ofRange} AND state = 'planned' AND ${free('ranges', '$5')}`,
    [...valuesOf(range), worker],
  );
  return rowCount === 1;
}

/** Done once for a worker that asks twice because the first answer was lost. */
export async function finishRange(
  client: ClientBase,
  range: RangeKey,
  worker: string,
  files: readonly ExportedFile[],
): Promise<void> {
  const { rowCount } = await client.query(
    `UPDATE ${statusSchema}.ranges SET state = 'exported' WHERE ${ofRange} AND state = 'planned' AND claimed_by = $5`,
    [...valuesOf(range), worker],
  );
  if (rowCount === 1) return insertFiles(client, range, files);
  const { rows } = await client.query(
    `SELECT 1 FROM ${statusSchema}.ranges WHERE ${ofRange} AND state = 'exported' AND claimed_by = $5`,
    [...valuesOf(range), worker],
  );
  if (rows.length === 0) throw takenOver(`range ${range.number} of shard ${range.shard}`);
}

/** Files that no range of ours produced: those of a first attempt whose answer was lost are the same. */
export async function addFiles(
  client: ClientBase,
  key: TableKey,
  files: readonly ExportedFile[],
): Promise<void> {
  const known = new Set((await selectFiles(client, key)).map(({ name }) => name));
  await insertFiles(
    client,
    key,
    files.filter(({ name }) => !known.has(name)),
  );
}

async function insertFiles(
  client: ClientBase,
  { fetchId, table }: TableKey,
  files: readonly ExportedFile[],
): Promise<void> {
  if (files.length === 0) return;
  const all = <Value>(value: (file: ExportedFile) => Value): Value[] => files.map(value);
  await client.query(
    `INSERT INTO ${statusSchema}.files (fetch_id, table_number, shard, part, range_number, name, row_count, bytes,
      sha256, state)
      SELECT $1::UUID, $2::INT8, unnest($3::INT8[]), unnest($4::INT8[]), unnest($5::INT8[]), unnest($6::TEXT[]),
        unnest($7::INT8[]), unnest($8::INT8[]), unnest($9::TEXT[]), 'exported'`,
    [
      fetchId,
      table,
      all((file) => file.shard),
      all((file) => file.part),
      all((file) => file.range),
      all((file) => file.name),
      all((file) => file.rows ?? null),
      all((file) => file.bytes),
      all((file) => file.sha256 ?? null),
    ],
  );
}

interface FileRow extends QueryResultRow {
  readonly shard: string;
  readonly part: string;
  readonly range: string;
  readonly name: string;
  readonly rows: string | null;
  readonly bytes: string;
  readonly sha256: string | null;
  readonly state: FileRecord['state'];
  readonly job: string | null;
}

export async function selectFiles(client: ClientBase, { fetchId, table }: TableKey): Promise<FileRecord[]> {
  const { rows } = await client.query<FileRow>(
    `SELECT shard, part, range_number AS "range", name, row_count AS "rows", bytes, sha256, state, job
      FROM ${statusSchema}.files WHERE fetch_id = $1 AND table_number = $2 ORDER BY shard, part`,
    [fetchId, table],
  );
  return rows.map((row) => ({
    shard: Number(row.shard),
    part: Number(row.part),
    range: Number(row.range),
    name: row.name,
    bytes: Number(row.bytes),
    state: row.state,
    ...(row.rows === null ? {} : { rows: Number(row.rows) }),
    ...(row.sha256 === null ? {} : { sha256: row.sha256 }),
    ...(row.job === null ? {} : { job: row.job }),
  }));
}

/** Files of one shard of one table: what one statement changes by its primary key. */
interface FileGroup extends TableKey {
  readonly shard: number;
  readonly parts: readonly number[];
}

function groups(files: readonly FileKey[]): FileGroup[] {
  const found = new Map<string, { fetchId: string; table: number; shard: number; parts: number[] }>();
  for (const { fetchId, table, shard, part } of files) {
    const key = `${fetchId}/${table}/${shard}`;
    const group = found.get(key);
    if (group === undefined) found.set(key, { fetchId, table, shard, parts: [part] });
    else group.parts.push(part);
  }
  return [...found.values()];
}

const ofGroup = 'fetch_id = $1 AND table_number = $2 AND shard = $3 AND part = ANY ($4::INT8[])';

/**
 * Changes files that the worker has.
 *
 * @param change the SET clause; `$6` is its value where it has one
 * @param condition of the files that may be changed; `$5` is the worker
 */
async function changeFiles(
  client: ClientBase,
  files: readonly FileKey[],
  { worker, change, condition, value }: FileChange,
): Promise<FileKey[]> {
  const changed: FileKey[] = [];
  for (const { fetchId, table, shard, parts } of groups(files)) {
    const { rows } = await client.query<{ part: string }>(
      `UPDATE ${statusSchema}.files SET ${change} WHERE ${ofGroup} AND ${condition} RETURNING part`,
      [fetchId, table, shard, parts, worker, ...(value === undefined ? [] : [value])],
    );
    changed.push(...rows.map((row) => ({ fetchId, table, shard, part: Number(row.part) })));
  }
  return changed.toSorted((left, right) => left.shard - right.shard || left.part - right.part);
}

interface FileChange {
  readonly worker: string;
  readonly change: string;
  readonly condition: string;
  readonly value?: string;
}

export function claimFiles(
  client: ClientBase,
  files: readonly FileKey[],
  worker: string,
): Promise<FileKey[]> {
  const condition = `state <> 'loaded' AND ${free('files', '$5')}`;
  return changeFiles(client, files, { worker, change: `state = 'loading', claimed_by = $5`, condition });
}

const mine = `claimed_by = $5 AND state <> 'loaded'`;

export async function noteJob(
  client: ClientBase,
  files: readonly FileKey[],
  { worker, job }: { readonly worker: string; readonly job: string },
): Promise<void> {
  const noted = await changeFiles(client, files, { worker, change: 'job = $6', condition: mine, value: job });
  assertAll(files, noted);
}

export async function markLoaded(
  client: ClientBase,
  files: readonly FileKey[],
  worker: string,
): Promise<void> {
  // Also what is loaded already: the answer to a first attempt may have been lost.
  const condition = 'claimed_by = $5';
  assertAll(files, await changeFiles(client, files, { worker, change: `state = 'loaded'`, condition }));
}

export async function releaseFiles(
  client: ClientBase,
  files: readonly FileKey[],
  worker: string,
): Promise<void> {
  const change = `state = 'exported', job = NULL, claimed_by = NULL`;
  await changeFiles(client, files, { worker, change, condition: mine });
}

function assertAll(wanted: readonly FileKey[], changed: readonly FileKey[]): void {
  const done = new Set(changed.map(displayFile));
  const lost = wanted.find((file) => !done.has(displayFile(file)));
  if (lost !== undefined) throw takenOver(displayFile(lost));
}
