import type { ClientBase } from 'pg';
import { DatabaseError } from 'pg';
import type { CopyFormat, RowRange, Table } from '@tsmolt/core';
import { quoteColumns, quoteTable } from '@tsmolt/pgwire';

/**
 * Settings that make text and loads behave the same whatever the role's defaults are. Source: CockroachDB manual,
 * "Session variables". COPY stays atomic: a batch that fails leaves nothing, so that it can be sent again.
 */
const settings: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  copy_from_atomic_enabled: 'on',
};

/**
 * What not every version has: a limit for whole transactions, and what makes COPY faster (its writes need not wait for one
 * another within the one transaction).
 */
const whereKnown: Readonly<Record<string, string>> = {
  transaction_timeout: '0',
  copy_fast_path_enabled: 'on',
  copy_write_pipelining_enabled: 'on',
};

/** The statement that prepares a session. */
export function sessionSettings(): string {
  return assignments(settings).join('; ');
}

/** Prepares a session: with what must be, and with what the server knows of the rest. */
export async function prepareSession(client: ClientBase): Promise<void> {
  await client.query(sessionSettings());
  for (const assignment of assignments(whereKnown)) {
    await client.query(assignment).catch((thrown: unknown) => {
      if (!(thrown instanceof DatabaseError) || thrown.code !== undefinedObject) throw thrown;
    });
  }
}

/** `unrecognized configuration parameter` */
const undefinedObject = '42704';

function assignments(of: Readonly<Record<string, string>>): string[] {
  return Object.entries(of).map(([name, value]) => `SET ${name} = '${value}'`);
}

/** The rows of a range, for COPY. */
export function selectRange(
  table: Table,
  columns: readonly string[],
  range: RowRange,
  filter?: string,
): string {
  return `SELECT ${quoteColumns(columns)} FROM ${quoteTable(table.name)} WHERE ${bothOf(range, filter)}`;
}

/** The condition of a range with that of the user. */
export function bothOf(range: RowRange, filter: string | undefined): string {
  return filter === undefined ? range.condition : `(${range.condition}) AND (${filter})`;
}

/** The options of COPY, in both directions, for the two formats that CockroachDB writes and reads as PostgreSQL does. */
export function csvOptions(format: CopyFormat): string {
  return format === 'csv-marked-null' ? `CSV NULL '\\N'` : 'CSV';
}
