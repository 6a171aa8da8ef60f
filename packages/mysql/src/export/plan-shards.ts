import { columnOf, displayName } from '@tsmolt/core';
import type { Column, RowRange, Shard, ShardOptions, ShardPlan, Table } from '@tsmolt/core';
import type { MysqlSession } from '../connect/session.js';
import { everyRow, from, quoteIdentifier } from '../sql.js';
import { rangesBetweenKeys, sampleBoundaries } from './boundary-shards.js';
import { floatText } from './field-text.js';
import { keyColumn } from './key-column.js';
import type { KeyColumn } from './key-column.js';
import { nativeTypeOf } from './native-type.js';
import { cutByRange, lineOf } from './range-shards.js';
import type { Line } from './range-shards.js';

/** Keeps a plan small whatever the table's estimate says. */
const maxRanges = 50_000;

/** A table below this is copied faster by one session than divided among several. */
const minBytesPerShard = 8 * 1024 * 1024;

interface Cut {
  readonly ranges: readonly RowRange[];
  readonly method: string;
}

/** Decides how a table is cut: evenly between the ends of its key, at keys read from its index, or not at all. */
export async function planShards(
  session: MysqlSession,
  table: Table,
  options: ShardOptions,
): Promise<ShardPlan> {
  const count = rangeCount(table, options);
  const cut = await cutTable(session, table, count);
  const warnings = options.useStatistics ? [withoutStatistics(table)] : [];
  return { shards: dealOut(cut.ranges, options.shards), method: cut.method, warnings };
}

/** The sentence of MOLT's log (manual, "Shard tables for concurrent export"). */
function withoutStatistics(table: Table): string {
  return (
    `failed to shard table ${displayName(table.name)} using stats based sharding: this source keeps no statistics to cut ` +
    'by, falling back to non stats based sharding'
  );
}

/** Ranges are for retrying and for progress; shards are for doing several at once. A small table needs neither. */
function rangeCount(table: Table, options: ShardOptions): number {
  const byRows = Math.ceil(table.estimate.rows / options.rowsPerRange);
  const bySize = Math.min(options.shards, Math.ceil(table.estimate.bytes / minBytesPerShard));
  if (byRows <= 1) return Math.max(1, bySize);
  return Math.min(maxRanges, Math.max(options.shards, byRows));
}

async function cutTable(session: MysqlSession, table: Table, count: number): Promise<Cut> {
  const whole: readonly RowRange[] = [{ condition: everyRow }];
  if (count <= 1) return { ranges: whole, method: 'one shard' };
  const names = table.primaryKey?.columns ?? [];
  const [first] = names;
  if (first === undefined) return { ranges: whole, method: 'one shard: no key that can be cut into ranges' };
  const texts = await textColumns(session, table);
  if (names.length === 1) {
    const line = lineOf(columnOf(table, first), texts.get(first)?.collation);
    const cut = line && (await cutEvenly(session, table, { column: first, line, count }));
    if (cut !== undefined) return cut;
  }
  const key = names.map((name) => keyColumn(columnOf(table, name), texts.get(name)?.charset));
  if (!key.every((column) => column !== undefined)) {
    return { ranges: whole, method: 'one shard: no key that can be cut into ranges' };
  }
  return cutAtKeys(session, table, key, count);
}

interface TextColumn {
  readonly charset: string;
  readonly collation: string;
}

async function textColumns(session: MysqlSession, table: Table): Promise<ReadonlyMap<string, TextColumn>> {
  const rows = await session.query<{ name: string } & TextColumn>(
    `SELECT COLUMN_NAME AS name, CHARACTER_SET_NAME AS charset, COLLATION_NAME AS collation
      FROM information_schema.COLUMNS
      WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? AND CHARACTER_SET_NAME IS NOT NULL`,
    [table.name.table],
  );
  return new Map(rows.map(({ name, charset, collation }) => [name, { charset, collation }]));
}

interface Wanted {
  readonly column: string;
  readonly line: Line;
  readonly count: number;
}

/** Undefined where the keys at the ends do not lie on the line. */
async function cutEvenly(
  session: MysqlSession,
  table: Table,
  { column, line, count }: Wanted,
): Promise<Cut | undefined> {
  const name = quoteIdentifier(column);
  const end = (order: string): string =>
    `(SELECT ${printedKey(columnOf(table, column), line)} FROM ${from(table)} ORDER BY ${name} ${order} LIMIT 1)`;
  const rows = await session.query<{ min: string | null; max: string | null }>(
    `SELECT ${end('ASC')} AS min, ${end('DESC')} AS max`,
  );
  const { min, max } = rows[0] ?? { min: null, max: null };
  if (min === null || max === null)
    return { ranges: [{ condition: everyRow }], method: 'one shard: empty table' };
  const ranges = cutByRange({ column, line, min, max }, count);
  return ranges && { ranges, method: `sharding by ranges of ${column}` };
}

function printedKey(column: Column, line: Line): string {
  const name = quoteIdentifier(column.name);
  if (line === 'uuid bytes') return `HEX(${name})`;
  if (line === 'uuid text') return `CONVERT(${name} USING utf8mb4)`;
  return `CONCAT(${line === 'floats' ? floatText(name, nativeTypeOf(column)) : `${name} + 0`})`;
}

async function cutAtKeys(
  session: MysqlSession,
  table: Table,
  key: readonly KeyColumn[],
  count: number,
): Promise<Cut> {
  const stride = Math.max(1, Math.ceil(table.estimate.rows / count));
  // The estimate may be far too low: the last range takes what is left.
  const boundaries = await sampleBoundaries(session, table, key, { stride, most: count * 2 });
  const names = table.primaryKey?.columns.join(', ') ?? '';
  return { ranges: rangesBetweenKeys(key, boundaries), method: `sharding by keys of ${names}` };
}

/** Gives neighbouring ranges to the same shard. */
function dealOut(ranges: readonly RowRange[], shards: number): Shard[] {
  const count = Math.min(shards, ranges.length);
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    ranges: ranges.slice((ranges.length * index) / count, (ranges.length * (index + 1)) / count),
  }));
}
