import pg from 'pg';
import type { TableName } from '@tsmolt/core';

/** `"name"`, with quotes inside doubled. Every identifier that tsmolt writes into SQL goes through here. */
export function quoteIdentifier(name: string): string {
  return pg.escapeIdentifier(name);
}

/** `"schema"."table"`. */
export function quoteTable(name: TableName): string {
  return `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.table)}`;
}

/** `"a", "b"`. */
export function quoteColumns(names: readonly string[]): string {
  return names.map(quoteIdentifier).join(', ');
}

/** A string literal, for the few places where a statement takes no bound values (COPY, DDL, SET, time travel). */
export function quoteLiteral(text: string): string {
  return pg.escapeLiteral(text).trimStart();
}

/** ` ("a", "b")` for COPY and INSERT, or nothing for a table without columns: PostgreSQL has such tables, but no `()`. */
export function columnList(names: readonly string[]): string {
  return names.length === 0 ? '' : ` (${quoteColumns(names)})`;
}
