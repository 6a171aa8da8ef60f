import { Client } from 'pg';

type Row = Record<string, unknown>;

/** Runs statements over one connection of its own, one after the other, and gives the rows of the last. */
export async function runSql<Result extends Row = Row>(
  url: string,
  ...statements: string[]
): Promise<Result[]> {
  const client = await connectSql(url);
  try {
    let rows: Result[] = [];
    for (const statement of statements) rows = (await client.query<Result>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

/** A connection that the caller ends. What the server says after it is gone does not end the test process. */
export async function connectSql(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
