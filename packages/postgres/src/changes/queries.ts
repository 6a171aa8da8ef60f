/** The server, as far as replication depends on it. `log_end`: what this server has itself, be it a standby. */
export const serverQuery = `
  SELECT current_setting('wal_level') AS wal_level, pg_catalog.pg_is_in_recovery() AS in_recovery,
    current_database() AS database,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
      ELSE pg_catalog.pg_current_wal_insert_lsn() END::text AS log_end`;

/**
 * What a session of `pg_stat_activity a` is known by: processes have the numbers of earlier ones. The sessions of other users
 * do not show since when they are there.
 */
const session = `concat(a.pid, '/', (extract(epoch FROM a.backend_start) * 1000000)::bigint)`;

export const ownSessionQuery = `
  SELECT ${session} AS session FROM pg_catalog.pg_stat_activity a WHERE a.pid = pg_catalog.pg_backend_pid()`;

/** A slot with all the columns that this version has, and who reads it. */
export const slotQuery = `
  SELECT to_jsonb(s) AS slot, a.application_name AS reader, ${session} AS session,
    current_setting('wal_sender_timeout') AS reader_timeout,
    CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
      ELSE pg_catalog.pg_current_wal_insert_lsn() END - s.restart_lsn AS bytes_kept
  FROM pg_catalog.pg_replication_slots s
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid
  WHERE s.slot_name = $1`;

export const publicationQuery = `SELECT to_jsonb(p) AS publication FROM pg_catalog.pg_publication p WHERE p.pubname = $1`;

/** What a publication says about some tables; from version 15 on with columns and conditions. */
export const publishedTablesQuery = `
  SELECT to_jsonb(t) AS published FROM pg_catalog.pg_publication_tables t
  WHERE t.pubname = $1 AND (t.schemaname, t.tablename) IN (SELECT * FROM unnest($2::text[], $3::text[]))`;

/**
 * The wanted tables. `key` is the primary key, else the smallest unique index over columns that are NOT NULL.
 * `identities` are those of the tables that hold the rows: of the partitions, where there are any.
 *
 * @param versionNumber `attgenerated` came with version 12
 */
export function wantedTablesQuery(versionNumber: number): string {
  const generated = versionNumber >= 120_000 ? `a.attgenerated <> ''` : 'false';
  return `
  WITH RECURSIVE wanted AS (
    SELECT c.oid, c.relname, c.relkind, c.relreplident, n.nspname
    FROM unnest($1::text[], $2::text[]) AS w(schema, name)
    JOIN pg_catalog.pg_namespace n ON n.nspname = w.schema
    JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = w.name AND c.relkind IN ('r', 'p')
  ), tree AS (
    SELECT oid AS root, oid, relkind, relreplident FROM wanted
    UNION ALL
    SELECT tree.root, child.oid, child.relkind, child.relreplident FROM tree
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
    JOIN pg_catalog.pg_class child ON child.oid = i.inhrelid
    WHERE tree.relkind = 'p'
  )
  SELECT w.oid::int8::text AS oid, w.nspname AS schema, w.relname AS "table", w.relkind = 'p' AS partitioned,
    (SELECT coalesce(json_agg(json_build_object('name', a.attname, 'typeOid', a.atttypid::int8, 'typmod', a.atttypmod,
        'generated', ${generated}) ORDER BY a.attnum), '[]')
      FROM pg_catalog.pg_attribute a
      WHERE a.attrelid = w.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT coalesce(json_agg(DISTINCT CASE
        WHEN tree.relreplident = 'd' AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = tree.oid AND i.indisprimary) THEN 'n'
        WHEN tree.relreplident = 'i' AND NOT EXISTS (
          SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = tree.oid AND i.indisreplident) THEN 'n'
        ELSE tree.relreplident END), '[]')
      FROM tree WHERE tree.root = w.oid AND tree.relkind = 'r') AS identities,
    coalesce((SELECT k.names FROM (
        SELECT i.indexrelid, i.indisprimary, count(*) AS size,
          json_agg(a.attname ORDER BY p.position) AS names, bool_and(a.attnotnull) AS complete
        FROM pg_catalog.pg_index i
        CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY p(attnum, position)
        LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum AND p.attnum > 0
        WHERE i.indrelid = w.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
          AND i.indexprs IS NULL AND p.position <= i.indnkeyatts
        GROUP BY i.indexrelid, i.indisprimary) k
      WHERE k.complete ORDER BY k.indisprimary DESC, k.size, k.indexrelid LIMIT 1), '[]') AS key
  FROM wanted w`;
}

/** The partitions of tables, and theirs, each with the root. */
export const partitionsQuery = `
  WITH RECURSIVE tree AS (
    SELECT root, root AS oid FROM unnest($1::oid[]) AS root
    UNION ALL
    SELECT tree.root, i.inhrelid FROM tree
    JOIN pg_catalog.pg_class parent ON parent.oid = tree.oid AND parent.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
  )
  SELECT tree.root::int8::text AS root, n.nspname AS schema, c.relname AS "table"
  FROM tree
  JOIN pg_catalog.pg_class c ON c.oid = tree.oid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE tree.oid <> tree.root`;

/** Names of types for sentences. The row types of tables are left out: there is one for each table. */
export const typeNamesQuery = `
  SELECT t.oid::int8::text AS oid, pg_catalog.format_type(t.oid, NULL) AS name FROM pg_catalog.pg_type t
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  WHERE t.typtype <> 'c' OR c.relkind = 'c'`;

/** Ends the session that still reads the slot, where it is the one that was ours. */
export const terminateReaderQuery = `
  SELECT pg_catalog.pg_terminate_backend(s.active_pid) FROM pg_catalog.pg_replication_slots s
  WHERE s.slot_name = $1 AND s.active_pid = $2`;

/** Ends the session that reads the slot, where it is this one. */
export const endReaderQuery = `
  SELECT pg_catalog.pg_terminate_backend(a.pid) FROM pg_catalog.pg_replication_slots s
  JOIN pg_catalog.pg_stat_activity a ON a.pid = s.active_pid
  WHERE s.slot_name = $1 AND ${session} = $2`;

export const activeReaderQuery = `
  SELECT FROM pg_catalog.pg_replication_slots s WHERE s.slot_name = $1 AND s.active_pid = $2`;

/** Moves a slot that nobody reads; never back. */
export const advanceSlotQuery = `
  SELECT pg_catalog.pg_replication_slot_advance(s.slot_name, $2::pg_lsn) FROM pg_catalog.pg_replication_slots s
  WHERE s.slot_name = $1 AND NOT s.active AND s.confirmed_flush_lsn < $2::pg_lsn`;

/** Writes a mark into the log, for all other readers nothing. @see markedEnd */
export const markQuery = `SELECT pg_catalog.pg_logical_emit_message(true, 'tsmolt', '')::text AS position`;

/**
 * A publication's rows in the catalog with their versions.
 *
 * @param versionNumber whole schemas came with version 15
 */
export function publicationEntriesQuery(versionNumber: number): string {
  const schemas =
    versionNumber >= 150_000
      ? `(SELECT json_object_agg(n.pnnspid::int8, concat(n.oid, '/', n.xmin))
        FROM pg_catalog.pg_publication_namespace n WHERE n.pnpubid = p.oid)`
      : 'NULL';
  return `
  SELECT concat(p.oid, '/', p.xmin) AS publication, coalesce(${schemas}, '{}'::json) AS schemas,
    coalesce((SELECT json_object_agg(r.prrelid::int8, concat(r.oid, '/', r.xmin))
      FROM pg_catalog.pg_publication_rel r WHERE r.prpubid = p.oid), '{}'::json) AS tables
  FROM pg_catalog.pg_publication p WHERE p.pubname = $1`;
}

/** The keys of tables that are there: unique, and NOT NULL in all columns. */
export const tableKeysQuery = `
  SELECT c.oid::int8::text AS oid, coalesce((SELECT json_agg(to_json(k)) FROM (
      SELECT json_agg(a.attname ORDER BY p.position) AS names,
        string_agg(p.attnum::text, ' ' ORDER BY p.attnum) AS numbers
      FROM pg_catalog.pg_index i
      CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY p(attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = p.attnum
      WHERE i.indrelid = c.oid AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL
        AND i.indexprs IS NULL AND p.position <= i.indnkeyatts
      GROUP BY i.indexrelid HAVING bool_and(a.attnotnull)) k), '[]'::json) AS keys
  FROM pg_catalog.pg_class c WHERE c.oid = ANY ($1::oid[])`;
