import { runSql } from '@tsmolt/testkit';

/** The rows of a table as its server prints them: how many, and a hash over all of them in order. */
export interface Fingerprint {
  readonly table: string;
  readonly rows: number;
  readonly hash: string | null;
}

/** Our own judge of a transfer: it shares nothing with `--checksum`. Duplicates count. */
export async function fingerprints(url: string, tables: readonly string[]): Promise<Fingerprint[]> {
  const one = (table: string): string =>
    `SELECT '${table}' AS table, count(*)::int AS rows,
      md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE "C")) AS hash FROM ${table} t`;
  // A server that reads the tables in parallel gives them in any order.
  const all = `${tables.map(one).join(' UNION ALL ')} ORDER BY 1`;
  return runSql<Fingerprint & Record<string, unknown>>(url, all);
}
