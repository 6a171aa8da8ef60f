import { DatabaseError } from 'pg';
import type { ClientBase } from 'pg';
import { TsmoltError } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';
import { leaseColumns, memoColumns, sequenceName, spillColumns, spillName, stagedColumns } from './layout.js';
import type { Columns } from './layout.js';
import { displayPlace, inDatabaseOf, quotePlace } from './staging-place.js';
import type { StagingPlace } from './staging-place.js';

/** Tables of a schema, and what columns they have. */
export type FoundTables = ReadonlyMap<string, ReadonlySet<string>>;

/** @throws TsmoltError `TSM7004` when it is not there and may not be created */
export async function prepareSchema(client: ClientBase, place: StagingPlace, create: boolean): Promise<void> {
  if (await schemaExists(client, place)) return;
  if (!create) throw missing(place);
  if (place.database !== undefined)
    await client.query(`CREATE DATABASE IF NOT EXISTS ${quoteIdentifier(place.database)}`);
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${quotePlace(place)}`);
}

async function schemaExists(client: ClientBase, place: StagingPlace): Promise<boolean> {
  const namespaces = inDatabaseOf(place, 'pg_catalog.pg_namespace');
  try {
    const { rows } = await client.query(`SELECT 1 FROM ${namespaces} WHERE nspname = $1`, [place.schema]);
    return rows.length > 0;
  } catch (thrown) {
    // The whole database is missing.
    if (
      thrown instanceof DatabaseError &&
      place.database !== undefined &&
      missingDatabase.test(thrown.code ?? '')
    )
      return false;
    throw thrown;
  }
}

/** Invalid catalog name, undefined table. */
const missingDatabase = /^(3D000|42P01|3F000)$/;

function missing(place: StagingPlace): TsmoltError {
  return new TsmoltError('TSM7004', {
    message: `the staging schema ${displayPlace(place)} does not exist`,
    advice: 'Add --stagingCreateSchema, or create it with CREATE SCHEMA and grant CREATE and USAGE on it.',
  });
}

/** Cheaper than `findTables`: what there is in a schema is asked again and again, and hardly ever anything else. */
export async function findTableNames(client: ClientBase, place: StagingPlace): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM ${inDatabaseOf(place, 'pg_catalog.pg_class')} AS c
      JOIN ${inDatabaseOf(place, 'pg_catalog.pg_namespace')} AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind = 'r' AND c.relname NOT IN ('memo', 'leases', $2)`,
    [place.schema, spillName],
  );
  return rows.map(({ name }) => name);
}

export async function findTables(client: ClientBase, place: StagingPlace): Promise<FoundTables> {
  const { rows } = await client.query<{ table_name: string; column_name: string }>(
    `SELECT table_name, column_name FROM ${inDatabaseOf(place, 'information_schema.columns')} WHERE table_schema = $1`,
    [place.schema],
  );
  const found = new Map<string, Set<string>>();
  for (const row of rows) {
    const columns = found.get(row.table_name) ?? new Set<string>();
    found.set(row.table_name, columns.add(row.column_name));
  }
  return found;
}

/**
 * Creates what every staging schema has, and adds what an older one lacks. It looks first: CREATE and ALTER demand
 * privileges also where they have nothing to do.
 */
export async function prepareTables(client: ClientBase, place: StagingPlace): Promise<void> {
  const found = await findTables(client, place);
  await prepareTable(client, place, { name: 'memo', columns: memoColumns, found });
  await prepareTable(client, place, { name: 'leases', columns: leaseColumns, found });
  const { rows } = await client.query(
    `SELECT 1 FROM ${inDatabaseOf(place, 'pg_catalog.pg_class')} AS c
      JOIN ${inDatabaseOf(place, 'pg_catalog.pg_namespace')} AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [place.schema, sequenceName],
  );
  if (rows.length === 0)
    await client.query(`CREATE SEQUENCE IF NOT EXISTS ${quoteStaged(place, sequenceName)}`);
}

const noPrivilege = '42501';

/**
 * Creates the table of spilled transactions, which staging schemas of earlier versions lack. Where the server has them it is
 * an unlogged one: nothing of it is wanted after a crash, and large transactions would pass through the log twice.
 *
 * @throws TsmoltError `TSM3001` where it may not be created
 */
export async function prepareSpill(
  client: ClientBase,
  place: StagingPlace,
  hasUnloggedTables: boolean,
): Promise<void> {
  const { rows } = await client.query(
    `SELECT 1 FROM ${inDatabaseOf(place, 'pg_catalog.pg_class')} AS c
      JOIN ${inDatabaseOf(place, 'pg_catalog.pg_namespace')} AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2`,
    [place.schema, spillName],
  );
  if (rows.length > 0) return;
  const table = quoteStaged(place, spillName);
  const lines = Object.entries(spillColumns).map(([column, type]) => `${quoteIdentifier(column)} ${type}`);
  const statements = [
    `CREATE ${hasUnloggedTables ? 'UNLOGGED ' : ''}TABLE IF NOT EXISTS ${table} (${lines.join(', ')}, PRIMARY KEY ("stream", "transaction", "piece"))`,
    // To compress what is read once would cost more than the disk that it saves.
    ...(hasUnloggedTables ? [`ALTER TABLE ${table} ALTER COLUMN "content" SET STORAGE EXTERNAL`] : []),
  ];
  try {
    for (const statement of statements) await client.query(statement);
  } catch (thrown) {
    const refused = thrown instanceof DatabaseError && thrown.code === noPrivilege;
    throw refused ? mayNotSpill(thrown, place, statements) : thrown;
  }
}

function mayNotSpill(cause: DatabaseError, place: StagingPlace, statements: readonly string[]): TsmoltError {
  return new TsmoltError('TSM3001', {
    message: `the staging schema ${displayPlace(place)} has no table ${spillName}: ${cause.message}`,
    advice: `Grant CREATE on the schema, or have its owner run and grant the same as on its other tables: ${statements.join('; ')}`,
    cause,
    serverCode: noPrivilege,
  });
}

interface WantedTable {
  readonly name: string;
  readonly columns: Columns;
  readonly found: FoundTables;
}

async function prepareTable(
  client: ClientBase,
  place: StagingPlace,
  { name, columns, found }: WantedTable,
): Promise<void> {
  const table = quoteStaged(place, name);
  const has = found.get(name);
  if (has === undefined) return createTable(client, table, columns);
  const lacking = Object.entries(columns).filter(([column]) => !has.has(column));
  await addColumns(client, table, lacking);
}

async function createTable(client: ClientBase, table: string, columns: Columns): Promise<void> {
  const lines = Object.entries(columns).map(([column, type]) => `${quoteIdentifier(column)} ${type}`);
  await client.query(`CREATE TABLE IF NOT EXISTS ${table} (${lines.join(', ')})`);
}

async function addColumns(
  client: ClientBase,
  table: string,
  columns: readonly (readonly [string, string])[],
): Promise<void> {
  for (const [column, type] of columns)
    await client.query(`ALTER TABLE ${table} ADD COLUMN IF NOT EXISTS ${quoteIdentifier(column)} ${type}`);
}

/** A relation of the staging schema. */
export function quoteStaged(place: StagingPlace, name: string): string {
  return `${quotePlace(place)}.${quoteIdentifier(name)}`;
}

/** Whether `stage` can use it as it is. */
export function isStagingTable(columns: ReadonlySet<string>): boolean {
  return Object.keys(stagedColumns).every((name) => columns.has(name));
}

/**
 * A staging table, new or made of one that another tool has left.
 *
 * @throws TsmoltError `TSM7004` where that tool has left changes that nobody has applied
 */
export async function prepareStagingTable(
  client: ClientBase,
  place: StagingPlace,
  name: string,
): Promise<void> {
  const columns = (await findTables(client, place)).get(name);
  const table = quoteStaged(place, name);
  if (columns === undefined) {
    await createTable(client, table, {
      ...stagedColumns,
      sequence: `${stagedColumns['sequence']} PRIMARY KEY`,
    });
    await client.query(`CREATE INDEX ON ${table} (sequence) WHERE NOT applied`);
    return;
  }
  if (isStagingTable(columns)) return;
  if (!columns.has('sequence')) {
    const { rows } = await client.query(`SELECT 1 FROM ${table} WHERE NOT applied LIMIT 1`);
    if (rows.length > 0) throw unapplied(place, name);
  }
  const lacking = Object.entries(stagedColumns).filter(([column]) => !columns.has(column));
  await addColumns(client, table, lacking.slice(0, -1));
  await client.query(`CREATE UNIQUE INDEX ON ${table} (sequence)`);
  await client.query(`CREATE INDEX ON ${table} (sequence) WHERE NOT applied`);
  // The last column says that all the rest is there.
  await addColumns(client, table, lacking.slice(-1));
}

function unapplied(place: StagingPlace, table: string): TsmoltError {
  return new TsmoltError('TSM7004', {
    message: `${displayPlace(place)}.${table} holds changes that another tool has staged and not applied`,
    advice: 'Let that tool finish, or choose another --stagingSchema.',
  });
}

/** `IF NOT EXISTS` does not keep two that create the same thing at the same time from failing on each other's catalog rows. */
export function ofAnotherProcess(thrown: unknown): never {
  const code = thrown instanceof DatabaseError ? thrown.code : undefined;
  if (code === undefined || !['23505', '42P06', '42P07', '42710', 'XX000'].includes(code)) throw thrown;
  throw new TsmoltError('TSM2007', {
    message: 'another process creates the staging tables at the same time',
    advice: 'Run again.',
    cause: thrown,
  });
}
