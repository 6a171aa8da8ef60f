import type { ExportRequest, Table } from '@tsmolt/core';

/** `` `name` ``, with backticks inside doubled. Every identifier that this package writes into SQL goes through here. */
export function quoteIdentifier(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/**
 * A string literal for values that cannot be bound (names of a server, boundaries of ranges). Sessions run without
 * NO_BACKSLASH_ESCAPES (`session-settings.ts`).
 */
export function quoteText(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** The table in the session's own database: where the catalog says `public`, MySQL has the connection's database. */
export function from(table: Pick<Table, 'name'>): string {
  return quoteIdentifier(table.name.table);
}

/** The condition that every row fulfils. */
export const everyRow = 'true';

/** What is read of a range: which expressions, and how the rows are found. */
export function selectRange(
  expressions: readonly string[],
  { table, range, filter }: Pick<ExportRequest, 'table' | 'range' | 'filter'>,
): string {
  const condition = filter === undefined ? range.condition : `(${range.condition}) AND (${filter})`;
  // Left to itself, the optimizer may read the whole table once for each range.
  const byKey =
    table.primaryKey !== undefined && range.condition !== everyRow ? ' FORCE INDEX (PRIMARY)' : '';
  return `SELECT ${expressions.join(', ')} FROM ${from(table)}${byKey} WHERE ${condition}`;
}
