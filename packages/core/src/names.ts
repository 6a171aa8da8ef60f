/**
 * A table's place in its database.
 *
 * Where an engine has no schemas (MySQL), the tables of the database in the connection string are in `public`, as MOLT
 * presents them; a foreign key into another database has that database's name as its target's schema.
 */
export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** `schema.table`: how logs, metrics and reports name a table (MOLT prints the same). Not SQL: never quoted. */
export function displayName(name: TableName): string {
  return `${name.schema}.${name.table}`;
}

/**
 * A key under which two spellings of a name meet.
 *
 * Identifiers are compared without regard to case unless `--case-sensitive` says otherwise, because MySQL and Oracle
 * fold names differently from PostgreSQL and CockroachDB.
 */
export function comparisonKey(identifier: string, caseSensitive: boolean): string {
  return caseSensitive ? identifier : identifier.toLowerCase();
}
