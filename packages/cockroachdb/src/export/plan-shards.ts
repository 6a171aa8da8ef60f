import type { ClientBase } from 'pg';
import { columnOf, displayName, withoutDomain } from '@tsmolt/core';
import type { RowRange, ShardOptions, ShardPlan, Table } from '@tsmolt/core';
import { canCutByRange, cutByRange, dealOut, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';

/** Keeps a plan small whatever the table's estimate says. */
const maxRanges = 50_000;

const everything: RowRange = { condition: 'true' };

interface Cut {
  readonly ranges: readonly RowRange[];
  readonly method: string;
  readonly warnings?: readonly string[];
}

/** Cuts a table by ranges of the first column of its key, where its type has a line to cut. */
export async function planShards(
  client: ClientBase,
  table: Table,
  options: ShardOptions,
): Promise<ShardPlan> {
  const cut = await cutTable(client, table, rangeCount(table, options));
  const shards = dealOut(cut.ranges, options.shards);
  const warnings = [...(options.useStatistics ? [noStatistics(table)] : []), ...(cut.warnings ?? [])];
  return { shards, method: cut.method, warnings };
}

/** Ranges are for retrying and for progress; shards are for doing several at once. A small table needs neither. */
function rangeCount(table: Table, options: ShardOptions): number {
  const byRows = Math.ceil(table.estimate.rows / options.rowsPerRange);
  return byRows <= 1 ? 1 : Math.min(maxRanges, Math.max(options.shards, byRows));
}

async function cutTable(client: ClientBase, table: Table, count: number): Promise<Cut> {
  if (count <= 1) return { ranges: [everything], method: 'one shard' };
  const column = table.primaryKey?.columns[0];
  const type = column === undefined ? undefined : withoutDomain(columnOf(table, column).type);
  if (column === undefined || type === undefined || !canCutByRange(type)) return oneShard(table);
  const bounds = await keyBounds(client, table, column);
  if (bounds === undefined) return { ranges: [everything], method: 'one shard: empty table' };
  const ranges = cutByRange({ column, type, ...bounds }, count);
  return { ranges, method: `sharding by ranges of ${column}` };
}

function oneShard(table: Table): Cut {
  const warning =
    `table ${displayName(table.name)} is exported by one worker: it has no primary key that starts with a number or a UUID, ` +
    'and CockroachDB has no other order that can be cut without reading all rows';
  return {
    ranges: [everything],
    method: 'one shard: no key that can be cut into ranges',
    warnings: [warning],
  };
}

/** The sentence is MOLT's (manual, "Shard tables for concurrent export"); it has statistics for PostgreSQL only, too. */
function noStatistics(table: Table): string {
  return (
    `failed to shard table ${displayName(table.name)} using stats based sharding: not available for CockroachDB, ` +
    'falling back to non stats based sharding'
  );
}

async function keyBounds(
  client: ClientBase,
  table: Table,
  column: string,
): Promise<{ min: string; max: string } | undefined> {
  const name = quoteIdentifier(column);
  const end = (direction: string): string =>
    `(SELECT ${name}::STRING FROM ${quoteTable(table.name)} ORDER BY ${name} ${direction} LIMIT 1)`;
  const { rows } = await client.query<{ min: string | null; max: string | null }>(
    `SELECT ${end('ASC')} AS min, ${end('DESC')} AS max`,
  );
  const row = rows[0];
  return row === undefined || row.min === null || row.max === null
    ? undefined
    : { min: row.min, max: row.max };
}
