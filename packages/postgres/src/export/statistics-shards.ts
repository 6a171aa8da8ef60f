import type { ClientBase } from 'pg';
import type { RowRange, Table } from '@tsmolt/core';
import { columnOf } from '@tsmolt/core';
import { quoteLiteral, rangesBetween } from '@tsmolt/pgwire';

/** MOLT's upper limit for shards made from statistics. */
export const maxStatisticsShards = 200;

/**
 * The values at which ANALYZE says that the rows divide evenly, sorted as the column sorts. Works for keys of any type.
 *
 * `pg_stats` keeps frequent values apart from the histogram; together they are the sample.
 */
const boundariesQuery = (type: string): string => `
  SELECT value::text AS boundary FROM (
    SELECT DISTINCT unnested::${type} AS value
    FROM pg_catalog.pg_stats s,
      unnest(coalesce(s.histogram_bounds::text::text[], '{}') || coalesce(s.most_common_vals::text::text[], '{}')) AS unnested
    WHERE s.schemaname = $1 AND s.tablename = $2 AND s.attname = $3
  ) sample ORDER BY value`;

/**
 * Cuts a table at the boundaries that its statistics give for the first column of its primary key.
 *
 * @returns at most `count` ranges; fewer when the column has few distinct values
 * @throws Error whose message says why there is nothing to cut by
 */
export async function cutByStatistics(client: ClientBase, table: Table, count: number): Promise<RowRange[]> {
  const name = table.primaryKey?.columns[0];
  if (name === undefined) throw new Error('the table has no primary key');
  const column = columnOf(table, name);
  const { rows } = await client.query<{ boundary: string }>(boundariesQuery(column.nativeType), [
    table.name.schema,
    table.name.table,
    name,
  ]);
  if (rows.length === 0) throw new Error(`pg_stats has nothing on column ${name}: run ANALYZE first`);
  const cuts = pick(rows.map((row) => row.boundary).slice(1), count - 1);
  return rangesBetween(
    name,
    cuts.map((cut) => `${quoteLiteral(cut)}::${column.nativeType}`),
  );
}

/** `count` of the values, evenly spread; all of them where there are fewer. */
function pick(values: readonly string[], count: number): string[] {
  if (values.length <= count) return [...values];
  return Array.from(
    { length: count },
    (_, index) => values[Math.floor(((index + 1) * values.length) / (count + 1))] ?? '',
  );
}
