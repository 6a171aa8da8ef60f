import type { PostgresServer } from './server-connection.js';

/** Answers one row with NULL while a database lacks the functions. Change the name whenever a function below changes. */
export const setupProbe = `SELECT to_regproc('crdb_internal.stand_in_setup_4')::text`;

/**
 * What a CockroachDB database has of its own, in its own schema `crdb_internal`, which catalog queries leave out anyway.
 * A function keeps its name there, for the name is also the name of the result column.
 */
const setupSql = `
SELECT pg_advisory_xact_lock(7267120001);
CREATE SCHEMA IF NOT EXISTS crdb_internal;
GRANT USAGE ON SCHEMA crdb_internal TO PUBLIC;

CREATE OR REPLACE FUNCTION crdb_internal.version() RETURNS text LANGUAGE sql STABLE
AS $$ SELECT current_setting('crdb.version') $$;

-- Strictly increasing within a session, and distinct between sessions; in AS OF SYSTEM TIME transactions the time they read at.
CREATE OR REPLACE FUNCTION crdb_internal.cluster_logical_timestamp() RETURNS numeric LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  asked timestamptz := clock_timestamp();
  fixed text := current_setting('crdb.as_of', true);
BEGIN
  IF fixed <> '' THEN RETURN fixed::numeric; END IF;
  WHILE clock_timestamp() <= asked LOOP NULL; END LOOP;
  RETURN (extract(epoch FROM asked)::numeric * 1000000000 + pg_backend_pid() % 1000)::numeric(30, 10);
END $$;

CREATE OR REPLACE FUNCTION crdb_internal.hlc_to_timestamp(hlc numeric) RETURNS timestamptz LANGUAGE sql IMMUTABLE
AS $$ SELECT to_timestamp(0) + trunc(hlc / 1000)::bigint * interval '1 microsecond' $$;

CREATE OR REPLACE FUNCTION crdb_internal.follower_read_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
AS $$ SELECT statement_timestamp() - interval '4.2 seconds' $$;

-- Hexadecimal text, where PostgreSQL's gives bytes.
CREATE OR REPLACE FUNCTION crdb_internal.sha256(value text) RETURNS text LANGUAGE sql IMMUTABLE STRICT
AS $$ SELECT encode(pg_catalog.sha256(convert_to(value, 'UTF8')), 'hex') $$;

-- As CockroachDB's: 10 microsecond ticks, then bits that keep sessions apart; grows with time, has gaps, exceeds 2^53.
CREATE OR REPLACE FUNCTION crdb_internal.unique_rowid() RETURNS bigint LANGUAGE plpgsql VOLATILE
AS $$
DECLARE
  previous bigint := coalesce(nullif(current_setting('crdb.last_rowid', true), ''), '0')::bigint;
  fresh bigint := (((extract(epoch FROM clock_timestamp())::numeric - 1420070400) * 100000)::bigint << 15)
    + pg_backend_pid() % 32768;
BEGIN
  IF fresh <= previous THEN fresh := previous + 32768; END IF;
  PERFORM set_config('crdb.last_rowid', fresh::text, false);
  RETURN fresh;
END $$;

CREATE OR REPLACE FUNCTION crdb_internal.force_error(code text, message text) RETURNS bigint LANGUAGE plpgsql VOLATILE
AS $$ BEGIN RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message; END $$;

CREATE OR REPLACE FUNCTION crdb_internal.stand_in_type_name(type_oid oid, modifier integer) RETURNS text LANGUAGE plpgsql STABLE
AS $$ BEGIN RETURN (SELECT CASE
  WHEN t.typelem <> 0 AND t.typlen = -1 THEN crdb_internal.stand_in_type_name(t.typelem, modifier) || '[]'
  WHEN t.typtype = 'e' THEN n.nspname || '.' || t.typname
  ELSE coalesce(
    (SELECT cockroach || coalesce(replace(substring(format_type(type_oid, modifier) FROM '[(][0-9,]+[)]'), ',0)', ')'), '')
     FROM (VALUES ('int8', 'INT8'), ('int4', 'INT4'), ('int2', 'INT2'), ('text', 'STRING'), ('varchar', 'VARCHAR'),
       ('bpchar', 'CHAR'), ('bytea', 'BYTES'), ('numeric', 'DECIMAL'), ('float8', 'FLOAT8'), ('float4', 'FLOAT4'),
       ('bool', 'BOOL'), ('bit', 'BIT'), ('varbit', 'VARBIT'), ('timestamp', 'TIMESTAMP'), ('time', 'TIME'),
       ('timestamptz', 'TIMESTAMPTZ'), ('timetz', 'TIMETZ')) AS names (postgres, cockroach)
     WHERE postgres = t.typname),
    upper(format_type(type_oid, modifier)))
  END
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.oid = type_oid);
END $$;

-- Stands for information_schema.columns, with the columns that only CockroachDB has.
CREATE OR REPLACE VIEW crdb_internal.columns AS
SELECT c.*, 'NO'::text AS is_hidden, crdb_internal.stand_in_type_name(a.atttypid, a.atttypmod) AS crdb_sql_type
FROM information_schema.columns c
JOIN pg_namespace n ON n.nspname = c.table_schema
JOIN pg_class r ON r.relnamespace = n.oid AND r.relname = c.table_name
JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = c.column_name;
GRANT SELECT ON crdb_internal.columns TO PUBLIC;

CREATE OR REPLACE FUNCTION crdb_internal.cluster_id() RETURNS uuid LANGUAGE sql STABLE
AS $$ SELECT md5(system_identifier::text)::uuid FROM pg_control_system() $$;

CREATE OR REPLACE FUNCTION crdb_internal.stand_in_setup_4() RETURNS void LANGUAGE sql AS '';
`;

/** Functions that are called without a schema in CockroachDB. */
export const suppliedFunctions: ReadonlySet<string> = new Set([
  'version',
  'cluster_logical_timestamp',
  'hlc_to_timestamp',
  'follower_read_timestamp',
  'unique_rowid',
  'sha256',
]);

export async function setUpDatabase(server: PostgresServer, database: string): Promise<void> {
  await server.with(database, (client) => client.query(setupSql));
}

export async function createDatabaseIfMissing(server: PostgresServer, database: string): Promise<void> {
  await server.with('postgres', async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rows.length > 0) return;
    try {
      await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
    } catch (error) {
      // Another stand-in on the same server was faster.
      if (!/duplicate|already exists/.test(String(error))) throw error;
    }
  });
}
