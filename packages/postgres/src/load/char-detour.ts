import { displayName } from '@tsmolt/core';
import type { CopyRequest, TableName } from '@tsmolt/core';
import { quoteColumns, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { Detour, SessionPool } from '@tsmolt/pgwire';
import { charFromText, holderFromText } from '../types/one-byte-char.js';

/** Where the rows lie between, for one transaction. */
export const betweenTable: TableName = { schema: 'pg_temp', table: 'tsmolt_load' };

/** Columns that have `"char"`, themselves or inside of arrays and composites. */
const charColumnsQuery = `
  WITH RECURSIVE part AS (
    SELECT a.attname::text AS name, pg_catalog.format_type(a.atttypid, NULL) AS declaration, a.atttypid AS oid, true AS itself
    FROM pg_catalog.pg_attribute a WHERE a.attrelid = $1::regclass AND a.attnum > 0 AND NOT a.attisdropped
    UNION
    SELECT part.name, part.declaration, held.oid, part.itself AND held.itself
    FROM part JOIN pg_catalog.pg_type t ON t.oid = part.oid
    CROSS JOIN LATERAL (
      SELECT t.typbasetype AS oid, true AS itself WHERE t.typtype = 'd'
      UNION ALL SELECT t.typelem, false WHERE t.typcategory = 'A' AND t.typlen = -1 AND t.typelem <> 0
      UNION ALL SELECT f.atttypid, false FROM pg_catalog.pg_attribute f
        WHERE t.typtype = 'c' AND f.attrelid = t.typrelid AND f.attnum > 0 AND NOT f.attisdropped) held
  )
  SELECT name, declaration, itself FROM part WHERE oid = 'pg_catalog."char"'::regtype`;

interface CharColumn {
  readonly name: string;
  readonly declaration: string;
  readonly itself: boolean;
}

/**
 * COPY into a server before 16 would read the octal form of a `"char"` as a backslash: the rows of a table that has such
 * columns are copied into a temporary table, where these are texts, and go on from there. Undefined for other tables.
 */
export async function charDetour(
  pool: SessionPool,
  { table, columns }: Pick<CopyRequest, 'table' | 'columns'>,
): Promise<Detour | undefined> {
  const { rows } = await pool.use(`reading the columns of ${displayName(table)}`, (client) =>
    client.query<CharColumn & Record<string, unknown>>(charColumnsQuery, [quoteTable(table)]),
  );
  const found = new Map(rows.map((row) => [row.name, row]));
  if (!columns.some((name) => found.has(name))) return undefined;
  const lines = columns.map((name) =>
    found.has(name) ? `NULL::text AS ${quoteIdentifier(name)}` : quoteIdentifier(name),
  );
  const values = columns.map((name) => valueOf(quoteIdentifier(name), found.get(name)));
  return {
    before: `CREATE TEMPORARY TABLE ${quoteIdentifier(betweenTable.table)} ON COMMIT DROP AS SELECT ${lines.join(', ')} FROM ${quoteTable(table)} WITH NO DATA`,
    after: `INSERT INTO ${quoteTable(table)} (${quoteColumns(columns)}) OVERRIDING SYSTEM VALUE SELECT ${values.join(', ')} FROM ${quoteTable(betweenTable)}`,
  };
}

function valueOf(name: string, column: CharColumn | undefined): string {
  if (column === undefined) return name;
  return column.itself ? charFromText(name) : holderFromText(name, column.declaration);
}
