import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { connectMysql } from './mysql-family.js';
import type { ServerAddress } from './running-server.js';

/** One test's database. */
export interface TestDatabase {
  readonly name: string;
  /** The server's URL with this database in it. */
  readonly url: string;
  /** Removes it with its replication slots, whoever is connected. */
  readonly drop: () => Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Creates an empty database.
 * @param name unquoted; by default one that no other test has
 */
export async function createDatabase(
  server: Pick<ServerAddress, 'product' | 'url'>,
  name = `test_${randomBytes(6).toString('hex')}`,
): Promise<TestDatabase> {
  const statements = server.product === 'PostgreSQL' ? postgresStatements : mysqlStatements;
  await statements.run(server.url, [statements.create(name)]);
  const drop = () => statements.run(server.url, statements.drop(name));
  const url = new URL(server.url);
  url.pathname = `/${encodeURIComponent(name)}`;
  return { name, url: url.href, drop, [Symbol.asyncDispose]: drop };
}

const postgresStatements = {
  create: (name: string) => `CREATE DATABASE ${quotedBy('"', name)} TEMPLATE template0`,
  drop: (name: string) => [
    // A logical slot keeps its database from being dropped, and a reader keeps its slot.
    `SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots
      WHERE database = ${quotedBy("'", name)} AND active_pid IS NOT NULL`,
    `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = ${quotedBy("'", name)}`,
    `DROP DATABASE IF EXISTS ${quotedBy('"', name)} WITH (FORCE)`,
  ],
  run: async (url: string, statements: readonly string[]) => {
    const client = new Client({ connectionString: url });
    await client.connect();
    try {
      for (const statement of statements) await client.query(statement);
    } finally {
      await client.end();
    }
  },
};

const mysqlStatements = {
  create: (name: string) => `CREATE DATABASE ${quotedBy('`', name)}`,
  drop: (name: string) => [`DROP DATABASE IF EXISTS ${quotedBy('`', name)}`],
  run: async (url: string, statements: readonly string[]) => {
    const connection = await connectMysql(url);
    try {
      for (const statement of statements) await connection.query(statement);
    } finally {
      await connection.end();
    }
  },
};

function quotedBy(quote: string, text: string): string {
  return quote + text.replaceAll(quote, quote + quote) + quote;
}
