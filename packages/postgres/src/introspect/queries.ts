/**
 * Tables to migrate: ordinary and partitioned ones. Left out are partitions (their root stands for them), temporary
 * tables, system schemas, and what an extension brought along.
 *
 * `pages` is the size on disk now; `reltuples` and `relpages` are the statistics' (-1 or 0 where there are none yet).
 */
export const tablesQuery = `
  WITH RECURSIVE tree AS (
    SELECT c.oid AS root, c.oid FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
    UNION ALL
    SELECT tree.root, i.inhrelid
    FROM tree
    JOIN pg_catalog.pg_class parent ON parent.oid = tree.oid AND parent.relkind = 'p'
    JOIN pg_catalog.pg_inherits i ON i.inhparent = tree.oid
  ), size AS (
    SELECT tree.root,
      sum(pg_catalog.pg_relation_size(leaf.oid)) AS bytes,
      sum(CASE WHEN leaf.relpages > 0 AND leaf.reltuples >= 0
        THEN leaf.reltuples / leaf.relpages * (pg_catalog.pg_relation_size(leaf.oid) / current_setting('block_size')::int)
        ELSE pg_catalog.pg_relation_size(leaf.oid) / 100 END) AS rows
    FROM tree JOIN pg_catalog.pg_class leaf ON leaf.oid = tree.oid AND leaf.relkind = 'r'
    GROUP BY tree.root
  )
  SELECT c.oid::int8::text AS oid, n.nspname AS schema, c.relname AS name, c.relkind = 'p' AS partitioned,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_table_privilege(c.oid, 'SELECT') AS readable,
    coalesce(size.bytes, 0)::float8 AS bytes, coalesce(size.rows, 0)::float8 AS rows
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN size ON size.root = c.oid
  WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
    AND n.nspname NOT IN ('pg_catalog', 'information_schema', '_molt_fetch', '_replicator') AND n.nspname NOT LIKE 'pg\\_%'
    AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend d
      WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname::text COLLATE "C", c.relname::text COLLATE "C"`;

/** @param versionNumber `attgenerated` came with version 12 */
export function columnsQuery(versionNumber: number): string {
  const generated = versionNumber >= 120_000 ? `a.attgenerated <> ''` : 'false';
  const stored = versionNumber >= 120_000 ? `a.attgenerated = 's'` : 'false';
  return `
  SELECT a.attrelid::int8::text AS table_oid, a.attname AS name, a.atttypid::int8::text AS type_oid,
    a.atttypmod AS typmod, pg_catalog.format_type(a.atttypid, a.atttypmod) AS native_type,
    a.attnotnull OR t.typnotnull AS not_null, ${generated} AS generated,
    CASE WHEN ${generated} THEN (SELECT pg_catalog.pg_get_expr(d.adbin, d.adrelid) FROM pg_catalog.pg_attrdef d
      WHERE d.adrelid = a.attrelid AND d.adnum = a.attnum) END AS generation_expression, ${stored} AS generation_stored,
    a.attidentity AS identity,
    a.atthasdef AND NOT (${generated}) AS has_default,
    CASE WHEN a.attcollation <> t.typcollation THEN co.collname END AS collation
  FROM pg_catalog.pg_attribute a
  JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
  LEFT JOIN pg_catalog.pg_collation co ON co.oid = a.attcollation
  WHERE a.attrelid = ANY ($1::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  ORDER BY a.attrelid, a.attnum`;
}

/** Key columns in the order of the key. */
export const constraintsQuery = `
  SELECT c.conrelid::int8::text AS table_oid, c.conname AS name, c.contype AS kind,
    ARRAY(SELECT a.attname::text FROM unnest(c.conkey) WITH ORDINALITY k(attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.attnum ORDER BY k.position) AS columns,
    tn.nspname AS target_schema, tc.relname AS target_table,
    ARRAY(SELECT a.attname::text FROM unnest(c.confkey) WITH ORDINALITY k(attnum, position)
      JOIN pg_catalog.pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.attnum ORDER BY k.position) AS target_columns
  FROM pg_catalog.pg_constraint c
  LEFT JOIN pg_catalog.pg_class tc ON tc.oid = c.confrelid AND c.contype = 'f'
  LEFT JOIN pg_catalog.pg_namespace tn ON tn.oid = tc.relnamespace
  WHERE c.conrelid = ANY ($1::oid[]) AND c.contype IN ('p', 'u', 'f', 'c')
  ORDER BY c.conrelid, c.conname::text COLLATE "C"`;

/**
 * Every type a column can have. Row types of tables are left out: there is one for each table. A true array is the one
 * its element names as such (int2vector and oidvector have elements too and are none).
 */
export const typesQuery = `
  SELECT t.oid::int8::text AS oid, n.nspname AS schema, t.typname AS name, t.typtype AS kind,
    pg_catalog.format_type(t.oid, NULL) AS declaration,
    CASE WHEN t.typcategory = 'A' AND t.typlen = -1 AND element.names_it THEN t.typelem::int8::text END AS element_oid,
    CASE WHEN t.typtype = 'd' THEN t.typbasetype::int8::text END AS base_oid, t.typtypmod AS base_typmod,
    CASE WHEN t.typtype = 'e' THEN ARRAY(SELECT e.enumlabel::text FROM pg_catalog.pg_enum e
      WHERE e.enumtypid = t.oid ORDER BY e.enumsortorder) END AS labels,
    CASE WHEN t.typtype = 'c' THEN (SELECT json_agg(json_build_object('name', a.attname, 'oid', a.atttypid::int8,
        'typmod', a.atttypmod) ORDER BY a.attnum)
      FROM pg_catalog.pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped) END AS fields
  FROM pg_catalog.pg_type t
  CROSS JOIN LATERAL (
    SELECT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid) AS names_it) element
  JOIN pg_catalog.pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  WHERE t.typtype <> 'p' AND (t.typtype <> 'c' OR c.relkind = 'c')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e JOIN pg_catalog.pg_class ec ON ec.oid = e.typrelid
      WHERE e.oid = t.typelem AND ec.relkind <> 'c')`;

/** The first column of each valid index that covers all rows. */
export const indexedColumnsQuery = `
  SELECT i.indrelid::int8::text AS table_oid, a.attname AS name
  FROM pg_catalog.pg_index i
  JOIN pg_catalog.pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
  WHERE i.indrelid = ANY ($1::oid[]) AND i.indisvalid AND i.indpred IS NULL`;
