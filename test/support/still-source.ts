import { createDatabase, runSql, startPostgres18 } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';

/**
 * A PostgreSQL in which nothing happens that a test does not do. A fetch goes on only where nothing was committed on the
 * source's whole server since it began, and ANALYZE by autovacuum is a commit too.
 */
export function startStillSource(): Promise<RunningServer> {
  return startPostgres18({ own: true, settings: { autovacuum: 'off' } });
}

export interface ManyTables {
  readonly url: string;
  /** Tables with a key. */
  readonly keyed: readonly string[];
  /** Tables without one, where a file that was loaded twice would not be refused. */
  readonly unkeyed: readonly string[];
}

const columns = `v text, n numeric, b bytea, at timestamptz`;
const values = `CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN E'two\\n"lines", ' || i ELSE repeat(md5(i::text), 4) END,
  i * 1.5, decode(md5((i % 7)::text), 'hex'), '2026-01-02 03:04:05+00'::timestamptz + i * interval '1 second'`;

/** A database of small tables that make many ranges and files, given small enough batches. */
export async function createManyTables(server: RunningServer, rows: number): Promise<ManyTables> {
  const { url } = await createDatabase(server);
  const keyed = ['k1', 'k2', 'k3', 'k4', 'tree'];
  const unkeyed = ['bag1', 'bag2'];
  await runSql(
    url,
    ...keyed
      .slice(0, 4)
      .flatMap((table) => [
        `CREATE TABLE ${table} (id bigint PRIMARY KEY, ${columns})`,
        `INSERT INTO ${table} SELECT i, ${values} FROM generate_series(1, ${rows}) i`,
      ]),
    // Loaded in one transaction by COPY, because rows point at each other.
    'CREATE TABLE tree (id int PRIMARY KEY, parent int REFERENCES tree)',
    `INSERT INTO tree SELECT i, CASE WHEN i > 1 THEN i / 2 END FROM generate_series(1, ${rows}) i`,
    ...unkeyed.flatMap((table) => [
      `CREATE TABLE ${table} (id bigint, ${columns})`,
      `INSERT INTO ${table} SELECT i % 100, ${values} FROM generate_series(1, ${rows}) i`,
    ]),
    'VACUUM ANALYZE',
  );
  return { url, keyed, unkeyed };
}
