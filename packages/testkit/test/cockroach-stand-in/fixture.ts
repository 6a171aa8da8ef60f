import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Client } from 'pg';
import type { ClientConfig, QueryArrayResult, QueryConfig, QueryResult } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { sharedServer, startCockroachStandIn } from '../../src/index.js';
import type { CockroachStandIn, CockroachStandInOptions } from '../../src/index.js';

/** What a test file has: a stand-in with a database of its own, in a PostgreSQL that is shared. */
export interface StandInFixture {
  readonly database: string;
  readonly standIn: () => CockroachStandIn;
  readonly postgresUrl: () => string;
  /** A client of the stand-in, closed after the test. */
  readonly connect: (options?: ClientConfig) => Promise<Client>;
  readonly connectTo: (url: string, options?: ClientConfig) => Promise<Client>;
}

/** Registers the hooks that start a stand-in for the test file and clean up behind it. */
export function useStandIn(options: Partial<CockroachStandInOptions> = {}): StandInFixture {
  const database = `crdb_${randomBytes(6).toString('hex')}`;
  const clients: Client[] = [];
  let running: { readonly postgresUrl: string; readonly standIn: CockroachStandIn } | undefined;
  const started = (): { readonly postgresUrl: string; readonly standIn: CockroachStandIn } => {
    if (running === undefined) throw new Error('the stand-in is not started yet');
    return running;
  };
  const connectTo = async (url: string, config: ClientConfig = {}): Promise<Client> => {
    const client = await openClient({ connectionString: url, ...config });
    clients.push(client);
    return client;
  };

  beforeAll(async () => {
    const postgresUrl = (await sharedServer('postgres18')).url;
    running = { postgresUrl, standIn: await startCockroachStandIn({ postgresUrl, database, ...options }) };
  });
  afterEach(async () => {
    running?.standIn.faults.clear();
    await Promise.allSettled(clients.splice(0).map((client) => client.end()));
  });
  afterAll(async () => {
    await running?.standIn.stop();
    const admin = await openClient({ connectionString: started().postgresUrl });
    await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await admin.end();
  });

  return {
    database,
    standIn: () => started().standIn,
    postgresUrl: () => started().postgresUrl,
    connect: (config) => connectTo(started().standIn.url, config),
    connectTo,
  };
}

async function openClient(config: ClientConfig): Promise<Client> {
  const client = new Client(config);
  // Connections break on purpose here; the statement that notices tells it.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export async function rows(client: Client, sql: string, values?: unknown[]): Promise<unknown[][]> {
  const query = { text: sql, rowMode: 'array' as const, ...(values === undefined ? {} : { values }) };
  const result: QueryArrayResult<unknown[]> = await client.query<unknown[]>(query);
  return result.rows;
}

export async function freshTable(client: Client, columns: string): Promise<string> {
  const name = `t_${randomBytes(5).toString('hex')}`;
  await client.query(`CREATE TABLE ${name} (${columns})`);
  return name;
}

export async function clusterTime(client: Client): Promise<string> {
  return String((await rows(client, 'SELECT cluster_logical_timestamp()'))[0]?.[0]);
}

export async function sendExtended(client: Client, sql: string): Promise<QueryResult> {
  const query: QueryConfig & { readonly queryMode: 'extended' } = { text: sql, queryMode: 'extended' };
  return client.query(query as QueryConfig);
}

/** Both ways in which a driver sends a statement. */
export const protocols = [
  { protocol: 'simple', send: (client: Client, sql: string) => client.query(sql) },
  { protocol: 'extended', send: sendExtended },
] as const;

export async function copyInto(
  client: Client,
  sql: string,
  data: Iterable<string | Buffer>,
): Promise<number> {
  const stream = client.query(copyFrom(sql));
  await pipeline(Readable.from(data), stream);
  return stream.rowCount;
}

/** The columns of the table that `csv` is for. */
export const copyColumns = 'a INT PRIMARY KEY, b STRING, c STRING, d STRING, e TIMESTAMPTZ, f BYTES';

/** Rows with all that makes CSV hard: quotes, newlines in quotes, NULL and the empty string, backslashes. */
export function* csv(count: number): Generator<string> {
  for (let row = 0; row < count;) {
    let chunk = '';
    for (const end = Math.min(count, row + 500); row < end; row++) {
      chunk += `${row},"line one\nline ""two"" of ${row}, with a \\ and é",,"",2024-01-02 03:04:05+00,\\x00ff\n`;
    }
    yield chunk;
  }
}
