import { randomBytes } from 'node:crypto';
import type { ChangeOptions } from '@tsmolt/core';
import type { ContractClient } from './contract-dialect.js';
import { postgresSql } from './contract-sql.js';
import type { ContractSql } from './contract-sql.js';

/** What a stream of changes needs from an engine, and what its tests have to write for it. */
export interface ChangeDialect {
  readonly sql: ContractSql;
  /**
   * Makes what a stream needs beside the tables (a slot, a publication), for each test before it makes tables.
   *
   * @returns the options that name it
   */
  prepare(client: ContractClient): Promise<StreamOptions>;
  /** Removes it again; the streams have ended. */
  remove(client: ContractClient, options: StreamOptions): Promise<void>;
  /** Sets up a second connection, so that it sees the test's tables. */
  enter(client: ContractClient, schema: string): Promise<void>;
  /** Ends the sessions of this stream on the server, as an administrator would. */
  breakStream(client: ContractClient, options: StreamOptions): Promise<void>;
  /** Sessions on the server that read this stream. */
  countStreams(client: ContractClient, options: StreamOptions): Promise<number>;
  /** A table `t (id int PRIMARY KEY, ...)` and rows with values that are easily spoiled on the way. */
  readonly values: { readonly create: readonly string[]; readonly insert: readonly string[] };
  /** Whether `changes(undefined)` goes on after what was acknowledged last. */
  readonly remembersPosition: boolean;
}

export type StreamOptions = Partial<ChangeOptions>;

/** PostgreSQL's: one slot for each test; one publication for all tables, made with it. */
export const postgresChanges: ChangeDialect = {
  sql: postgresSql,
  prepare: async (client) => {
    const name = `changes_${randomBytes(5).toString('hex')}`;
    await client.query(`CREATE PUBLICATION ${name} FOR ALL TABLES`);
    await client.query(`SELECT pg_create_logical_replication_slot('${name}', 'pgoutput')`);
    return { slot: name, publication: name };
  },
  remove: async (client, { slot, publication }) => {
    await client.query(`SELECT pg_drop_replication_slot('${slot ?? ''}')`);
    await client.query(`DROP PUBLICATION ${publication ?? ''}`);
  },
  enter: async (client, schema) => {
    await client.query(`SET search_path = ${schema}`);
  },
  breakStream: async (client, options) => {
    await client.query(`SELECT pg_terminate_backend(active_pid, 5000) ${readers(options)}`);
  },
  countStreams: async (client, options) =>
    (await client.query(`SELECT active_pid ${readers(options)}`)).length,
  values: {
    create: [
      `CREATE TYPE mood AS ENUM ('happy', 'so''so')`,
      `CREATE TABLE t (id int PRIMARY KEY, v text, b bytea, n numeric, f float8, at timestamptz, d date, i interval,
        a text[], m mood, j jsonb, u uuid, k boolean)`,
    ],
    insert: [
      `INSERT INTO t VALUES
        (1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
        (2, '', '', 0, 0, 'epoch', 'epoch', '0', '{}', 'happy', '""', '00000000-0000-0000-0000-000000000000', false),
        (3, e'a\\tb\\n"c"\\\\,😀', '\\x005c2c', 'NaN', 0.1, '2024-01-02 03:04:05.123456+05', '0044-03-15 BC',
          '-1 year 2 days -00:00:01.5', ARRAY['x,y', NULL, '"'], 'so''so', '{"a": [1.10, null, "é"]}',
          'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', true),
        (4, repeat('x', 9000), decode(repeat('00ff', 5000), 'hex'), 1e-20, '-infinity', 'infinity', '-infinity',
          '178000000 years', '{{1,2},{3,4}}', NULL, 'null', NULL, NULL)`,
    ],
  },
  remembersPosition: true,
};

function readers({ slot }: StreamOptions): string {
  return `FROM pg_replication_slots WHERE slot_name = '${slot ?? ''}' AND active_pid IS NOT NULL`;
}
