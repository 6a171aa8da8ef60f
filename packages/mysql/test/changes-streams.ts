import { randomInt } from 'node:crypto';
import type { ChangeEvent, ChangeOptions, ChangeSource } from '@tsmolt/core';
import { openMysql } from '@tsmolt/mysql';
import { createDatabase } from '@tsmolt/testkit';
import type { RunningServer, ServerAddress, startMysql } from '@tsmolt/testkit';
import { mutationsOf } from '@tsmolt/testkit/contracts';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { openOptions, parsed, runStatements, tableOf } from './databases.js';
import type { OpenedDatabase } from './databases.js';

/** A stream of tables of the database, closed with its scope. */
export async function openStream(
  { database }: Pick<OpenedDatabase, 'database'>,
  tables: readonly string[],
  options: Partial<ChangeOptions> = {},
): Promise<ChangeSource & AsyncDisposable> {
  const source = await database.openChanges?.({
    tables: tables.map((table) => ({ schema: 'public', table })),
    bufferBytes: 4 * 1024 * 1024,
    unrepresentable: 'reject',
    acknowledgeEveryMs: 100,
    processId: randomInt(1_000_000, 2_000_000_000),
    ...options,
  });
  if (source === undefined) throw new Error('the adapter has no streams of changes');
  return Object.assign(source, { [Symbol.asyncDispose]: () => source.close() });
}

/** A database of its own on a server that the test has for itself. */
export async function openDatabaseOn(
  server: ServerAddress,
  ...statements: string[]
): Promise<OpenedDatabase> {
  const { name, url, drop } = await createDatabase(server);
  await runStatements(url, statements);
  const database = await openMysql(parsed(url), openOptions);
  return {
    name,
    url,
    database,
    sql: (...more) => runStatements(url, more),
    table: (table) => tableOf(database, table),
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await drop();
    },
  };
}

/**
 * A server that no other test sees, and for each test a database on it with a table `t (id, v)`: for tests that change
 * global settings, or write what no other reader of the log could read.
 */
export class OwnDatabase {
  #server: RunningServer | undefined;
  #opened: OpenedDatabase | undefined;

  get server(): RunningServer {
    return started(this.#server);
  }

  get opened(): OpenedDatabase {
    return started(this.#opened);
  }

  /** Registers the hooks of a suite. */
  use(start: typeof startMysql): void {
    beforeAll(async () => {
      this.#server = await start({ own: true });
    });
    afterAll(async () => {
      await this.#server?.stop();
    });
    beforeEach(async () => {
      this.#opened = await openDatabaseOn(this.server, 'CREATE TABLE t (id int PRIMARY KEY, v int)');
    });
    afterEach(async () => {
      await this.#opened?.[Symbol.asyncDispose]();
    });
  }
}

function started<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the server is not started yet');
  return value;
}

export const insertion = (id: number): string => `INSERT INTO t VALUES (${id}, 0)`;

export const ids = (events: readonly ChangeEvent[]): unknown[] =>
  mutationsOf(events).map(({ row }) => row['id']);
