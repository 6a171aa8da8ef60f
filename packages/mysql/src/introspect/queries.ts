import type { MysqlCapabilities } from '../connect/mysql-server.js';

/**
 * These read `information_schema` for one database, whose name is the only value. They ask for nothing that a
 * server shows only to owners: MariaDB hides `table_constraints` and `referential_constraints` from a user with SELECT.
 *
 * Names of columns have aliases, because MySQL 8.0 prints them in upper case.
 */
const ofDatabase = 'table_schema = ?';

/** Views, sequences and temporary tables have other types. `table_rows` is an estimate, and NULL for some engines. */
export const tablesQuery = `
  SELECT table_name AS \`table\`, coalesce(table_rows, 0) AS row_estimate, coalesce(data_length, 0) AS bytes,
    coalesce(create_options, '') LIKE '%partitioned%' AS partitioned
  FROM information_schema.tables
  WHERE ${ofDatabase} AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED')`;

export const columnsQuery = `
  SELECT table_name AS \`table\`, column_name AS name, ordinal_position AS position, data_type AS data_type,
    column_type AS column_type, is_nullable = 'YES' AS nullable, column_default AS default_value, extra AS extra,
    generation_expression AS generation, character_maximum_length AS max_length,
    numeric_precision AS \`precision\`, numeric_scale AS scale, datetime_precision AS datetime_precision,
    character_set_name AS character_set, collation_name AS \`collation\`, privileges AS privileges
  FROM information_schema.columns
  WHERE ${ofDatabase}
  ORDER BY table_name, ordinal_position`;

/**
 * The parts of each index in order. `usable` says whether a range of its first column can be read with it: not where it
 * is invisible to the planner, and not for full text and hashes.
 */
export function indexPartsQuery(capabilities: MysqlCapabilities): string {
  const visible = { is_visible: "is_visible = 'YES'", ignored: "ignored = 'NO'", none: 'true' };
  return `
  SELECT table_name AS \`table\`, index_name AS name, non_unique = 0 AS is_unique, column_name AS \`column\`,
    index_type = 'BTREE' AND ${visible[capabilities.indexVisibility]} AS usable
  FROM information_schema.statistics
  WHERE ${ofDatabase}
  ORDER BY table_name, index_name, seq_in_index`;
}

export const foreignKeyColumnsQuery = `
  SELECT table_name AS \`table\`, constraint_name AS name, column_name AS \`column\`,
    referenced_table_schema AS target_schema, referenced_table_name AS target_table,
    referenced_column_name AS target_column
  FROM information_schema.key_column_usage
  WHERE ${ofDatabase} AND referenced_table_name IS NOT NULL
  ORDER BY table_name, constraint_name, ordinal_position`;

/** Undefined where a server has no checks. */
export function checksQuery(capabilities: MysqlCapabilities): string | undefined {
  switch (capabilities.checks) {
    case 'by table':
      return `
  SELECT table_name AS \`table\`, constraint_name AS name, check_clause AS clause
  FROM information_schema.check_constraints
  WHERE constraint_schema = ?`;
    case 'by schema':
      return `
  SELECT t.table_name AS \`table\`, t.constraint_name AS name, c.check_clause AS clause
  FROM information_schema.table_constraints t
  JOIN information_schema.check_constraints c
    ON c.constraint_schema = t.constraint_schema AND c.constraint_name = t.constraint_name
  WHERE t.table_schema = ? AND t.constraint_type = 'CHECK'`;
    case 'none':
      return undefined;
  }
}

/** Tables of which the user may see some columns only: the others are in no view of `information_schema`. */
export const partlyGrantedQuery = `
  SELECT DISTINCT table_name AS \`table\` FROM information_schema.column_privileges WHERE ${ofDatabase}`;

/** The database's name as the server writes it, which need not be as the connection string does. */
export const databaseQuery = `
  SELECT schema_name AS name, default_collation_name AS \`collation\` FROM information_schema.schemata
  WHERE schema_name = database()`;
