import type { ClientBase } from 'pg';
import { columnOf, displayName, withoutDomain } from '@tsmolt/core';
import type { RowRange, ShardOptions, ShardPlan, Table } from '@tsmolt/core';
import { canCutByRange, cutByRange, dealOut, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import { from } from '../sql.js';
import { cutByPages } from './physical-shards.js';
import { cutByStatistics, maxStatisticsShards } from './statistics-shards.js';

/** Keeps a plan small whatever the table's estimate says. */
const maxRanges = 50_000;

/** From 14 on a condition on ctid reads only the pages it names; before, it would read the table once for each range. */
const tidRangeScans = 140_000;

interface Cut {
  readonly ranges: readonly RowRange[];
  readonly method: string;
  readonly warnings?: readonly string[];
}

/** Decides how a table is cut: by statistics if asked for, by key range, by pages, or not at all. */
export async function planShards(
  client: ClientBase,
  versionNumber: number,
  table: Table,
  options: ShardOptions,
): Promise<ShardPlan> {
  const count = rangeCount(table, options);
  const cut = await cutTable(client, versionNumber, table, { ...options, count });
  const shards = dealOut(cut.ranges, options.shards);
  return { shards, method: cut.method, warnings: cut.warnings ?? [] };
}

/** A table below this is copied faster by one session than divided among several. */
const minBytesPerShard = 8 * 1024 * 1024;

/** Ranges are for retrying and for progress; shards are for doing several at once. A small table needs neither. */
function rangeCount(table: Table, options: ShardOptions): number {
  const byRows = Math.ceil(table.estimate.rows / options.rowsPerRange);
  const bySize = Math.min(options.shards, Math.ceil(table.estimate.bytes / minBytesPerShard));
  if (byRows <= 1) return Math.max(1, bySize);
  return Math.min(maxRanges, Math.max(options.shards, byRows));
}

async function cutTable(
  client: ClientBase,
  versionNumber: number,
  table: Table,
  options: ShardOptions & { readonly count: number },
): Promise<Cut> {
  if (options.useStatistics) {
    const cut = await tryStatistics(client, table, options.shards);
    if (cut.ranges.length > 0) return cut;
    const fallback = await cutWithoutStatistics(client, versionNumber, table, options.count);
    return { ...fallback, warnings: cut.warnings ?? [] };
  }
  return cutWithoutStatistics(client, versionNumber, table, options.count);
}

/** The sentences of the log are MOLT's (manual, "Shard tables for concurrent export"). */
async function tryStatistics(client: ClientBase, table: Table, wanted: number): Promise<Cut> {
  const name = displayName(table.name);
  try {
    const ranges = await cutByStatistics(client, table, Math.min(wanted, maxStatisticsShards));
    const method = `Stats based sharding enabled for table ${name}`;
    if (ranges.length === wanted) return { ranges, method };
    const warning = `number of shards formed: ${ranges.length} is not equal to number of shards requested: ${wanted} for table ${name}`;
    return { ranges, method, warnings: [warning] };
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    const warning = `failed to shard table ${name} using stats based sharding: ${reason}, falling back to non stats based sharding`;
    return { ranges: [], method: '', warnings: [warning] };
  }
}

/**
 * By pages where that is cheap: it reads like a sequential scan, works without a key, and cuts evenly however the keys
 * are spread. By the key before version 14 and for partitioned tables.
 */
async function cutWithoutStatistics(
  client: ClientBase,
  versionNumber: number,
  table: Table,
  count: number,
): Promise<Cut> {
  if (count <= 1) return { ranges: [{ condition: 'true' }], method: 'one shard' };
  if (versionNumber >= tidRangeScans && !table.partitioned) {
    const pages = await countPages(client, table);
    return { ranges: cutByPages(pages, count), method: 'sharding by ranges of pages' };
  }
  const byKey = await tryKeyRange(client, table, count);
  return (
    byKey ?? { ranges: [{ condition: 'true' }], method: 'one shard: no key that can be cut into ranges' }
  );
}

async function tryKeyRange(client: ClientBase, table: Table, count: number): Promise<Cut | undefined> {
  const column = table.primaryKey?.columns[0];
  if (column === undefined) return undefined;
  const type = withoutDomain(columnOf(table, column).type);
  if (!canCutByRange(type)) return undefined;
  const bounds = await keyBounds(client, table, column);
  if (bounds === undefined) return { ranges: [{ condition: 'true' }], method: 'one shard: empty table' };
  return {
    ranges: cutByRange({ column, type, ...bounds }, count),
    method: `sharding by ranges of ${column}`,
  };
}

/** min() and max() do not exist for uuid before version 18; the ends of the index do. */
async function keyBounds(
  client: ClientBase,
  table: Table,
  column: string,
): Promise<{ min: string; max: string } | undefined> {
  const name = quoteIdentifier(column);
  const end = (direction: string): string =>
    `(SELECT ${name}::text FROM ${from(table)} ORDER BY ${name} ${direction} LIMIT 1)`;
  const { rows } = await client.query<{ min: string | null; max: string | null }>(
    `SELECT ${end('ASC')} AS min, ${end('DESC')} AS max`,
  );
  const row = rows[0];
  return row === undefined || row.min === null || row.max === null
    ? undefined
    : { min: row.min, max: row.max };
}

async function countPages(client: ClientBase, table: Table): Promise<number> {
  const { rows } = await client.query<{ pages: string }>(
    `SELECT pg_catalog.pg_relation_size($1::regclass) / current_setting('block_size')::int AS pages`,
    [quoteTable(table.name)],
  );
  return Number(rows[0]?.pages ?? 0);
}
