import { columnOf } from '@tsmolt/core';
import type { Column, CopyFormat, RowRange, Table, TableName } from '@tsmolt/core';
import { columnList, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import { charText, heldChar, knowsOctalChar } from './types/one-byte-char.js';

/**
 * Settings that make a value's text the same on every server and for every role. Source: PostgreSQL manual, "Client
 * Connection Defaults". `row_security = off` turns rows hidden by a policy from a silent loss into an error.
 */
const settings: Readonly<Record<string, string>> = {
  client_encoding: 'UTF8',
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  xmloption: 'content',
  lc_monetary: 'C',
  search_path: '',
  standard_conforming_strings: 'on',
  row_security: 'off',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
};

/** The statement that prepares a session. From 14 on the server is told to notice a client that is gone. */
export function sessionSettings(versionNumber: number): string {
  const all = versionNumber >= 140_000 ? { ...settings, client_connection_check_interval: '2s' } : settings;
  return Object.entries(all)
    .map(([name, value]) => `SET ${name} = '${value}'`)
    .join('; ');
}

/** The rows of a range, for COPY or a hash. `ONLY` because a parent of old-style inheritance would show its children's rows. */
export function selectRange(
  table: Table,
  columns: readonly string[],
  range: RowRange,
  { filter, versionNumber }: { readonly filter?: string | undefined; readonly versionNumber: number },
): string {
  const condition = filter === undefined ? range.condition : `(${range.condition}) AND (${filter})`;
  const expressions = columns.map((name) => exportExpression(columnOf(table, name), versionNumber));
  return `SELECT ${expressions.join(', ')} FROM ${from(table)} WHERE ${condition}`;
}

/** What COPY is to print for a column. The output function of xml drops a declaration of version 1.0; its text keeps it. */
function exportExpression(column: Column, versionNumber: number): string {
  const name = quoteIdentifier(column.name);
  if (!knowsOctalChar(versionNumber) && heldChar(column.type) === 'itself') return charText(name);
  return column.nativeType === 'xml' ? `${name}::text` : name;
}

export function from(table: Pick<Table, 'name' | 'partitioned'>): string {
  return table.partitioned ? quoteTable(table.name) : `ONLY ${quoteTable(table.name)}`;
}

export function copyInStatement(table: TableName, columns: readonly string[], format: CopyFormat): string {
  return `COPY ${quoteTable(table)}${columnList(columns)} FROM STDIN (${formatOptions(format)})`;
}

/** The options of COPY FROM for a format. */
export function formatOptions(format: CopyFormat): string {
  return format === 'csv-marked-null' ? `FORMAT csv, NULL '\\N'` : `FORMAT ${format}`;
}

/** The options of COPY TO for a format. An empty string in quotes: a row of nothing else must not be an empty line. */
export function exportOptions(format: CopyFormat): string {
  return format === 'csv-marked-null' ? `${formatOptions(format)}, FORCE_QUOTE *` : formatOptions(format);
}
