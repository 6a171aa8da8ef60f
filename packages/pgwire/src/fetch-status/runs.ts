import type { ClientBase, QueryResultRow } from 'pg';
import type { ContinuationToken, NewRun, RunRecord, RunState, TableRecord } from '@tsmolt/core';
import { createStatements, statusSchema } from './layout.js';
import { takenOver } from './receipts.js';

/** Whether the last of the tables exists, and so all of them. */
export async function isPrepared(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM information_schema.tables WHERE table_schema = $1 AND table_name = 'files'`,
    [statusSchema],
  );
  return rows.length > 0;
}

/** `CREATE SCHEMA IF NOT EXISTS` demands a privilege even where the schema exists: ask `isPrepared` first. */
export async function createTables(client: ClientBase): Promise<void> {
  await client.query(`CREATE SCHEMA IF NOT EXISTS ${statusSchema}`);
  for (const statement of createStatements) await client.query(statement);
}

/** The id is a new UUID: where the run is there already, the answer to a first attempt was lost. */
export async function insertRun(client: ClientBase, run: NewRun): Promise<void> {
  await client.query(
    `INSERT INTO ${statusSchema}.runs (fetch_id, source, storage, compression, state, snapshot, cdc_cursor)
      VALUES ($1, $2, $3, $4, 'preparing', '', '') ON CONFLICT DO NOTHING`,
    [run.fetchId, run.source, run.storage, run.files.compression],
  );
}

interface RunRow extends QueryResultRow {
  readonly fetch_id: string;
  readonly source: string;
  readonly storage: string;
  readonly compression: 'gzip' | 'none';
  readonly state: RunState;
  readonly snapshot: string;
  readonly cdc_cursor: string;
  readonly started_at: Date;
}

export async function selectRun(client: ClientBase, fetchId: string): Promise<RunRecord | undefined> {
  const { rows } = await client.query<RunRow>(
    `SELECT fetch_id, source, storage, compression, state, snapshot, cdc_cursor, started_at
      FROM ${statusSchema}.runs WHERE fetch_id = $1`,
    [fetchId],
  );
  const row = rows[0];
  if (row === undefined) return undefined;
  return {
    fetchId: row.fetch_id,
    source: row.source,
    storage: row.storage,
    files: { compression: row.compression },
    state: row.state,
    snapshot: row.snapshot,
    cursor: row.cdc_cursor,
    startedAt: row.started_at,
  };
}

type RunChange = Partial<Pick<RunRecord, 'state' | 'snapshot' | 'cursor'>>;

export async function changeRun(client: ClientBase, fetchId: string, change: RunChange): Promise<void> {
  await client.query(
    `UPDATE ${statusSchema}.runs SET state = coalesce($2::TEXT, state), snapshot = coalesce($3::TEXT, snapshot),
      cdc_cursor = coalesce($4::TEXT, cdc_cursor),
      finished_at = CASE WHEN $2::TEXT = 'complete' THEN now() ELSE finished_at END
      WHERE fetch_id = $1`,
    [fetchId, change.state ?? null, change.snapshot ?? null, change.cursor ?? null],
  );
}

export async function deleteUnits(client: ClientBase, fetchId: string): Promise<void> {
  for (const table of ['files', 'ranges', 'tables']) {
    await client.query(`DELETE FROM ${statusSchema}.${table} WHERE fetch_id = $1`, [fetchId]);
  }
  await changeRun(client, fetchId, { state: 'preparing', snapshot: '', cursor: '' });
}

/** The token is a new UUID: where another one is there, another process has noted the table. */
export async function insertTable(client: ClientBase, fetchId: string, table: TableRecord): Promise<void> {
  const { rowCount } = await client.query(
    `INSERT INTO ${statusSchema}.tables AS t (fetch_id, table_number, source_schema, source_table, target_schema,
      target_table, columns, format, filter, token, state, rows_before)
      VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
      ON CONFLICT (fetch_id, table_number) DO UPDATE SET token = excluded.token WHERE t.token = excluded.token`,
    [
      fetchId,
      table.number,
      table.source.schema,
      table.source.table,
      table.target.schema,
      table.target.table,
      JSON.stringify(table.columns.map(({ source, target }) => [source, target])),
      table.format,
      table.filter ?? null,
      table.token,
      table.state,
      table.rowsBefore.toString(),
    ],
  );
  if (rowCount !== 1) throw takenOver(`table ${table.number} of fetch ${fetchId}`);
}

interface TableRow extends QueryResultRow {
  readonly number: string;
  readonly source_schema: string;
  readonly source_table: string;
  readonly target_schema: string;
  readonly target_table: string;
  readonly columns: string;
  readonly format: TableRecord['format'];
  readonly filter: string | null;
  readonly token: string;
  readonly state: TableRecord['state'];
  readonly rows_before: string;
}

export async function selectTables(client: ClientBase, fetchId: string): Promise<TableRecord[]> {
  const { rows } = await client.query<TableRow>(
    `SELECT table_number AS number, source_schema, source_table, target_schema, target_table, columns, format, filter,
      token, state, rows_before FROM ${statusSchema}.tables WHERE fetch_id = $1 ORDER BY table_number`,
    [fetchId],
  );
  return rows.map((row) => ({
    number: Number(row.number),
    source: { schema: row.source_schema, table: row.source_table },
    target: { schema: row.target_schema, table: row.target_table },
    columns: (JSON.parse(row.columns) as [string, string][]).map(([source, target]) => ({ source, target })),
    format: row.format,
    ...(row.filter === null ? {} : { filter: row.filter }),
    token: row.token,
    state: row.state,
    rowsBefore: BigInt(row.rows_before),
  }));
}

interface TokenRow extends QueryResultRow {
  readonly token: string;
  readonly fetch_id: string;
  readonly schema: string;
  readonly table: string;
  readonly file: string | null;
}

/** The first file of a table is the one with the lowest shard and part: as names they sort the same. */
export async function selectTokens(client: ClientBase, limit: number): Promise<ContinuationToken[]> {
  const { rows } = await client.query<TokenRow>(
    `SELECT t.token, t.fetch_id, t.target_schema AS schema, t.target_table AS "table",
      (SELECT min(f.name) FROM ${statusSchema}.files f WHERE t.state = 'exported' AND f.state <> 'loaded'
        AND f.fetch_id = t.fetch_id AND f.table_number = t.table_number) AS file
      FROM ${statusSchema}.tables t JOIN ${statusSchema}.runs r ON r.fetch_id = t.fetch_id
      WHERE r.state <> 'complete' AND t.state <> 'loaded'
      ORDER BY r.started_at DESC, t.fetch_id, t.table_number LIMIT $1`,
    [limit],
  );
  return rows.map((row) => ({
    token: row.token,
    fetchId: row.fetch_id,
    table: { schema: row.schema, table: row.table },
    file: row.file ?? '',
  }));
}
