import { randomBytes } from 'node:crypto';
import { ConnectionUrl, nameFilter, silentLogger } from '@tsmolt/core';
import type { ChangeOptions, ChangeSource, Database } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, runSql } from '@tsmolt/testkit';
import type { ServerAddress } from '@tsmolt/testkit';
import { exportedRows } from '@tsmolt/testkit/contracts';

export const openOptions = {
  allowUnencrypted: true,
  applicationName: 'changes',
  maxConnections: 4,
  logger: silentLogger(),
};

type Row = Record<string, unknown>;

/** A database with a publication for all of its tables, and a slot that begins after the first statements. */
export interface StreamedDatabase {
  readonly url: string;
  readonly database: Database;
  /** Name of slot and publication. */
  readonly name: string;
  readonly sql: <Result extends Row = Row>(...statements: string[]) => Promise<Result[]>;
  /** A stream of tables in `public`; it ends with the database. */
  readonly open: (tables: readonly string[], options?: Partial<ChangeOptions>) => Promise<ChangeSource>;
  /** As `StrictReplica` shows them. */
  readonly rows: (schema: string, table: string) => Promise<string[]>;
  readonly close: () => Promise<void>;
}

/** @param statements make the tables, before the slot */
export async function streamedDatabase(
  server: Pick<ServerAddress, 'product' | 'url'>,
  ...statements: string[]
): Promise<StreamedDatabase> {
  const created = await createDatabase(server);
  const { url } = created;
  const name = `slot_${randomBytes(5).toString('hex')}`;
  const database = await openDatabase(url);
  const sources: ChangeSource[] = [];
  const sql = <Result extends Row = Row>(...more: string[]): Promise<Result[]> =>
    runSql<Result>(url, ...more);
  await sql(...statements, ...slotStatements(name));
  return {
    url,
    database,
    name,
    sql,
    open: async (tables, options = {}) => {
      const source = await openStream(database, {
        slot: name,
        publication: name,
        ...named(tables),
        ...options,
      });
      sources.push(source);
      return source;
    },
    rows: (schema, table) => rowsOf(database, schema, table),
    close: async () => {
      for (const source of sources) await source.close();
      await database.close();
      await created.drop();
    },
  };
}

function slotStatements(name: string): string[] {
  return [
    `CREATE PUBLICATION ${name} FOR ALL TABLES WITH (publish_via_partition_root = true)`,
    `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`,
  ];
}

export async function openDatabase(url: string): Promise<Database> {
  return openPostgres(await identify(ConnectionUrl.parse(url, '--source'), openOptions), openOptions);
}

export function named(tables: readonly string[]): Pick<ChangeOptions, 'tables'> {
  return { tables: tables.map((table) => ({ schema: 'public', table })) };
}

export async function openStream(
  database: Database,
  options: Pick<ChangeOptions, 'tables'> & Partial<ChangeOptions>,
): Promise<ChangeSource> {
  const source = await database.openChanges?.({
    bufferBytes: 4 * 1024 * 1024,
    unrepresentable: 'reject',
    acknowledgeEveryMs: 100,
    ...options,
  });
  if (source === undefined) throw new Error('no changes');
  return source;
}

async function rowsOf(database: Database, schema: string, name: string): Promise<string[]> {
  const [table] = await database.catalog.tables(nameFilter({ schema: `^${schema}$`, table: `^${name}$` }));
  if (table === undefined) throw new Error(`no table ${name}`);
  const snapshot = await database.openSnapshot?.({
    tables: [table],
    wantCursor: false,
    maxConnections: 2,
    unrepresentable: 'reject',
    protection: { durationMs: 3_600_000, refreshMs: 600_000 },
  });
  if (snapshot === undefined) throw new Error('no snapshot');
  try {
    return await exportedRows(snapshot, table);
  } finally {
    await snapshot.close('complete');
  }
}
