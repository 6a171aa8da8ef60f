const systemSchemas = `('pg_catalog', 'information_schema', 'crdb_internal', 'pg_extension', '_molt_fetch', '_replicator')`;

/** Tables of the current database. */
export const tablesQuery = `
  SELECT table_schema AS schema, table_name AS name FROM information_schema.tables
  WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ${systemSchemas}
  ORDER BY table_schema, table_name`;

/** What the statistics say about each table's rows; 0 or NULL until there are some. */
export const estimatesQuery = `
  SELECT schema_name AS schema, table_name AS "table", estimated_row_count AS rows FROM [SHOW TABLES]`;

/** Computed columns that are computed when they are read. All others are stored. */
export const virtualColumnsQuery = `
  SELECT n.nspname AS schema, c.relname AS "table", a.attname AS name
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE a.attgenerated = 'v' AND n.nspname NOT IN ${systemSchemas}`;

/** Hidden columns (rowid, hash shards) are the server's own affair. `is_generated` has had two spellings of no. */
export const columnsQuery = `
  SELECT table_schema AS schema, table_name AS "table", column_name AS name, crdb_sql_type AS sql_type,
    udt_schema, udt_name, data_type = 'USER-DEFINED' OR data_type = 'ARRAY' AS maybe_user_defined,
    is_nullable = 'YES' AS nullable, is_generated NOT IN ('NEVER', 'NO') AS generated, generation_expression,
    identity_generation, column_default IS NOT NULL AS has_default, collation_name AS collation
  FROM information_schema.columns
  WHERE table_schema NOT IN ${systemSchemas} AND is_hidden = 'NO'
  ORDER BY table_schema, table_name, ordinal_position`;

export const constraintsQuery = `
  SELECT n.nspname AS schema, c.relname AS "table", k.conname AS name, k.contype AS kind,
    ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum ORDER BY u.position) AS columns,
    tn.nspname AS target_schema, tc.relname AS target_table,
    ARRAY(SELECT a.attname::text FROM unnest(k.confkey) WITH ORDINALITY AS u(attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.attnum ORDER BY u.position) AS target_columns
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_catalog.pg_class tc ON tc.oid = k.confrelid AND k.contype = 'f'
  LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
  WHERE k.contype IN ('p', 'u', 'f', 'c') AND n.nspname NOT IN ${systemSchemas}
  ORDER BY n.nspname, c.relname, k.conname`;

export const enumsQuery = `
  SELECT n.nspname AS schema, t.typname AS name, e.enumlabel AS label
  FROM pg_catalog.pg_enum e
  JOIN pg_catalog.pg_type t ON t.oid = e.enumtypid
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  ORDER BY n.nspname, t.typname, e.enumsortorder`;

/** The first column of each index. */
export const indexedColumnsQuery = `
  SELECT n.nspname AS schema, c.relname AS "table", a.attname AS name
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_class c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  WHERE n.nspname NOT IN ${systemSchemas}`;
