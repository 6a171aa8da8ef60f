import { ConnectionUrl, nameFilter, silentLogger } from '@tsmolt/core';
import type { Database, OpenOptions, Table } from '@tsmolt/core';
import { openMysql } from '@tsmolt/mysql';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import type { SharedServerName } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';

export const openOptions: OpenOptions = {
  allowUnencrypted: true,
  applicationName: 'tsmolt test',
  maxConnections: 4,
  logger: silentLogger(),
};

export function parsed(url: string): ConnectionUrl {
  return ConnectionUrl.parse(url, '--source');
}

/** A database of its own on a shared server, and both ways into it. */
export interface OpenedDatabase extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly database: Database;
  /** Runs statements past the adapter, as root. */
  readonly sql: (...statements: string[]) => Promise<void>;
  readonly table: (name: string) => Promise<Table>;
}

/** @param statements run as root before the adapter looks */
export async function openDatabase(
  server: SharedServerName,
  ...statements: string[]
): Promise<OpenedDatabase> {
  const created = await createDatabase(await sharedServer(server));
  const sql = (...more: string[]): Promise<void> => runStatements(created.url, more);
  await sql(...statements);
  const database = await openMysql(parsed(created.url), openOptions);
  return {
    name: created.name,
    url: created.url,
    database,
    sql,
    table: (name) => tableOf(database, name),
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await created.drop();
    },
  };
}

export async function runStatements(url: string, statements: readonly string[]): Promise<void> {
  const client = await mysqlDialect.connect(url);
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

export async function tableOf(database: Database, name: string): Promise<Table> {
  const tables = await database.catalog.tables(nameFilter({ table: `^${name}$` }));
  const [table] = tables;
  if (table === undefined) throw new Error(`the catalog does not list ${name}`);
  return table;
}

/** The URL with another login, which the statements create; it may do what `grants` say. */
export async function login(
  opened: OpenedDatabase,
  grants: (database: string, user: string) => readonly string[],
): Promise<string> {
  const user = `u_${opened.name.slice(-12)}`;
  await opened.sql(`CREATE USER ${user} IDENTIFIED BY 'Secret!42'`, ...grants(`\`${opened.name}\``, user));
  const url = new URL(opened.url);
  url.username = user;
  url.password = 'Secret!42';
  return url.href;
}
