import type { TableName, UnvalidatedConstraint } from '@tsmolt/core';
import { quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { SessionPool } from '@tsmolt/pgwire';

const query = `
  SELECT n.nspname AS schema, c.relname AS "table", k.conname AS name
  FROM pg_catalog.pg_constraint k
  JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE NOT k.convalidated AND k.contype IN ('f', 'c')
  ORDER BY n.nspname, c.relname, k.conname`;

/** IMPORT INTO leaves foreign keys and CHECKs NOT VALID: they hold for new rows, and nobody has looked at the imported ones. */
export async function unvalidatedConstraints(
  pool: SessionPool,
  tables: readonly TableName[],
): Promise<UnvalidatedConstraint[]> {
  const { rows } = await pool.use('looking for constraints that are not validated', (client) =>
    client.query<TableName & { readonly name: string }>(query),
  );
  return rows.flatMap((row) => {
    const table = tables.find((one) => one.schema === row.schema && one.table === row.table);
    if (table === undefined) return [];
    const statement = `ALTER TABLE ${quoteTable(table)} VALIDATE CONSTRAINT ${quoteIdentifier(row.name)}`;
    return [{ table, name: row.name, statement }];
  });
}
