import type { Client } from 'pg';
import { connectSql } from '../sql-client.js';

/** A table that a generator has made and filled. */
export interface FilledTable {
  readonly schema: string;
  readonly table: string;
  readonly rows: number;
}

/** Where and from which seed a generator works. */
export interface FillPlace {
  readonly url: string;
  readonly schema: string;
  readonly seed: number;
}

/** Two cores are what a build machine has; more sessions than cores only wait for each other. */
const sessions = 2;

/** Runs statements on several sessions at once, in no order. @throws the first error, when all sessions have ended */
export async function runAtOnce(place: FillPlace, statements: readonly string[]): Promise<void> {
  const waiting = [...statements];
  const work = Array.from({ length: Math.min(sessions, statements.length) }, async () => {
    const client = await openSession(place);
    try {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await client.query(next);
    } finally {
      // After a failure nothing more is begun on the other sessions.
      waiting.length = 0;
      await client.end();
    }
  });
  const failed = (await Promise.allSettled(work)).find((result) => result.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}

/** Runs statements one after the other. */
export async function runInTurn(place: FillPlace, statements: readonly string[]): Promise<void> {
  await runAtOnce(place, [statements.join(';\n')]);
}

/** Makes the schema where it is missing. */
export async function ensureSchema(place: FillPlace): Promise<void> {
  const client = await connectSql(place.url);
  try {
    // CREATE SCHEMA IF NOT EXISTS public would want a privilege that only the owner of the database has.
    const { rowCount } = await client.query('SELECT FROM pg_namespace WHERE nspname = $1', [place.schema]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA ${client.escapeIdentifier(place.schema)}`);
  } finally {
    await client.end();
  }
}

/**
 * `pg_temp.pick(row, salt, choices)`: a whole number from 0 to choices - 1, decided by seed, row and salt alone, so
 * that rows can be made in any order and on any session. The server inlines it; a hash costs less than random().
 */
async function openSession(place: FillPlace): Promise<Client> {
  const client = await connectSql(place.url);
  await client.query(
    `SET search_path = ${client.escapeIdentifier(place.schema)};
     SET timezone = 'UTC'; SET synchronous_commit = off; SET maintenance_work_mem = '256MB';
     CREATE FUNCTION pg_temp.pick(bigint, int, bigint) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
       'SELECT (hashint8extended($1, $2 + ${place.seed * 1000}::bigint) & 9223372036854775807) % $3'`,
  );
  return client;
}
