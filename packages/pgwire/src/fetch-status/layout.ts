/** The schema that holds the memory of fetches, in the target's database. Catalogs leave it out. */
export const statusSchema = '_molt_fetch';

/**
 * Its tables, in SQL that PostgreSQL and CockroachDB share. Names and their meaning are part of the interface: a DBA reads
 * them when something went wrong.
 */
export const createStatements: readonly string[] = [
  `CREATE TABLE IF NOT EXISTS ${statusSchema}.runs (
    fetch_id UUID PRIMARY KEY,
    source TEXT NOT NULL,
    storage TEXT NOT NULL,
    compression TEXT NOT NULL,
    state TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    cdc_cursor TEXT NOT NULL,
    started_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    finished_at TIMESTAMPTZ
  )`,
  `CREATE TABLE IF NOT EXISTS ${statusSchema}.workers (
    fetch_id UUID NOT NULL,
    worker_id UUID NOT NULL,
    alive_until TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (fetch_id, worker_id)
  )`,
  `CREATE TABLE IF NOT EXISTS ${statusSchema}.tables (
    fetch_id UUID NOT NULL,
    table_number INT8 NOT NULL,
    source_schema TEXT NOT NULL,
    source_table TEXT NOT NULL,
    target_schema TEXT NOT NULL,
    target_table TEXT NOT NULL,
    columns TEXT NOT NULL,
    format TEXT NOT NULL,
    filter TEXT,
    token UUID NOT NULL,
    state TEXT NOT NULL,
    rows_before INT8 NOT NULL,
    PRIMARY KEY (fetch_id, table_number)
  )`,
  `CREATE TABLE IF NOT EXISTS ${statusSchema}.ranges (
    fetch_id UUID NOT NULL,
    table_number INT8 NOT NULL,
    shard INT8 NOT NULL,
    range_number INT8 NOT NULL,
    condition TEXT NOT NULL,
    state TEXT NOT NULL,
    claimed_by UUID,
    PRIMARY KEY (fetch_id, table_number, shard, range_number)
  )`,
  `CREATE TABLE IF NOT EXISTS ${statusSchema}.files (
    fetch_id UUID NOT NULL,
    table_number INT8 NOT NULL,
    shard INT8 NOT NULL,
    part INT8 NOT NULL,
    range_number INT8 NOT NULL,
    name TEXT NOT NULL,
    row_count INT8,
    bytes INT8 NOT NULL,
    sha256 TEXT,
    state TEXT NOT NULL,
    job TEXT,
    claimed_by UUID,
    PRIMARY KEY (fetch_id, table_number, shard, part)
  )`,
];

/** True for a unit that no living worker but `worker` has. `unit` is the table's name in the statement. */
export function free(unit: string, worker: string): string {
  return `(${unit}.claimed_by IS NULL OR ${unit}.claimed_by = ${worker} OR NOT EXISTS (
    SELECT 1 FROM ${statusSchema}.workers w
    WHERE w.fetch_id = ${unit}.fetch_id AND w.worker_id = ${unit}.claimed_by AND w.alive_until > now()))`;
}
