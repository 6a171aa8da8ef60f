import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterEach, beforeEach } from 'vitest';

export interface TwoDatabases {
  readonly source: string;
  readonly target: string;
}

/** A fresh source and a fresh target for each test of a file, on the shared PostgreSQL 18. */
export function twoDatabases(): TwoDatabases {
  const urls = { source: '', target: '' };
  const created: TestDatabase[] = [];
  beforeEach(async () => {
    const server = await sharedServer('postgres18');
    created.push(await createDatabase(server), await createDatabase(server));
    urls.source = created[0]?.url ?? '';
    urls.target = created[1]?.url ?? '';
  });
  afterEach(async () => {
    for (const database of created.splice(0)) await database.drop();
  });
  return urls;
}

/** The rows of a table as the database itself prints them, sorted: the judge of a round trip. */
export async function printedRows(url: string, table: string): Promise<string[]> {
  const rows = await runSql<{ row: string }>(
    url,
    `SELECT t::text AS row FROM ${table} t ORDER BY t::text COLLATE "C"`,
  );
  return rows.map(({ row }) => row);
}
