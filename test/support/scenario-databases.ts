import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { CockroachStandIn, SharedServerName, TestDatabase } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';
import { Client } from 'pg';
import type { SourceName } from './scenario.js';

/** A fresh database on one side of a scenario. */
export interface ScenarioDatabase {
  readonly name: string;
  readonly url: string;
  readonly run: (statements: readonly string[]) => Promise<void>;
  readonly drop: () => Promise<void>;
}

const servers: Readonly<Record<Exclude<SourceName, 'CockroachDB stand-in'>, SharedServerName>> = {
  PostgreSQL: 'postgres18',
  MySQL: 'mysql',
  MariaDB: 'mariadb',
};

/** A fresh database of that product; the stand-in keeps its databases in the shared PostgreSQL 18. */
export async function freshDatabase(
  product: SourceName,
  standIn: CockroachStandIn,
): Promise<ScenarioDatabase> {
  if (product === 'CockroachDB stand-in') return behindStandIn(standIn);
  const database = await createDatabase(await sharedServer(servers[product]));
  const run = product === 'PostgreSQL' ? runPostgres : runMysql;
  return { ...database, run: (statements) => run(database.url, statements) };
}

async function behindStandIn(standIn: CockroachStandIn): Promise<ScenarioDatabase> {
  const database: TestDatabase = await createDatabase(await sharedServer('postgres18'));
  await database.drop();
  await runSql(standIn.url, `CREATE DATABASE ${database.name}`);
  const url = standIn.urlOf(database.name);
  return { ...database, url, run: (statements) => runPostgres(url, statements) };
}

async function runPostgres(url: string, statements: readonly string[]): Promise<void> {
  if (statements.length > 0) await runSql(url, ...statements);
}

/** As an application with a lenient server would have written it: zero dates too. */
async function runMysql(url: string, statements: readonly string[]): Promise<void> {
  if (statements.length === 0) return;
  const client = await mysqlDialect.connect(url);
  try {
    await client.query(`SET SESSION sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'`);
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The rows of a statement, each value as the server prints it. */
export async function printedTable(url: string, statement: string): Promise<(string | null)[][]> {
  const client = new Client({
    connectionString: url,
    types: { getTypeParser: () => (text: unknown) => text },
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(`SET TIME ZONE 'UTC'`);
    const { rows } = await client.query<(string | null)[]>({ text: statement, rowMode: 'array' });
    return rows;
  } finally {
    await client.end();
  }
}
