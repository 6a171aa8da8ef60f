import { createHash } from 'node:crypto';
import type { TableName } from '@tsmolt/core';

/** Columns by name with their declarations, in SQL that PostgreSQL and CockroachDB share. */
export type Columns = Readonly<Record<string, string>>;

export const memoColumns: Columns = { key: 'TEXT PRIMARY KEY', value: 'BYTEA NOT NULL' };

/** `expires` is in UTC, by the server's clock. */
export const leaseColumns: Columns = {
  name: 'TEXT PRIMARY KEY',
  expires: 'TIMESTAMP NOT NULL',
  nonce: 'UUID NOT NULL',
  hostname: "TEXT NOT NULL DEFAULT ''",
};

/**
 * A staging table. Its first columns are those that the tool has which tsmolt takes the place of: `nanos` is the time of the
 * commit, `logical` the sequence, `mut` the row after the change as JSON, `before` the one before it.
 */
export const stagedColumns: Columns = {
  nanos: 'INT8 NOT NULL',
  logical: 'INT8 NOT NULL',
  key: 'TEXT NOT NULL',
  mut: 'BYTEA NOT NULL',
  before: 'BYTEA',
  applied: 'BOOL NOT NULL DEFAULT false',
  applied_at: 'TIMESTAMPTZ',
  deletion: 'BOOL NOT NULL DEFAULT false',
  sequence: 'INT8',
  kind: 'TEXT',
  table_schema: 'TEXT',
  table_name: 'TEXT',
  old_key: 'BYTEA',
  position: 'TEXT',
  committed_at: 'FLOAT8',
  attempts: 'INT8',
  reason: 'TEXT',
};

/** Pieces of transactions that a stream is sent before they have ended. */
export const spillName = 'spilled_transactions';

export const spillColumns: Columns = {
  stream: 'TEXT NOT NULL',
  transaction: 'TEXT NOT NULL',
  piece: 'INT8 NOT NULL',
  content: 'BYTEA NOT NULL',
};

/** Gives every call of `stage` a number; the changes of one call are counted below it. */
export const sequenceName = 'staging_sequence';

/** How many changes one call may stage: what is left of 64 bits is enough for 10^13 calls. */
export const mostOfOneCall = 1 << 20;

/** The longest identifier that PostgreSQL keeps whole, in bytes. */
const longestName = 63;

/**
 * `<database>_<schema>_<table>` in lower case. Two tables may share one staging table where their names differ in case
 * only: each change says which table it is for.
 */
export function stagingTableName(database: string, { schema, table }: TableName): string {
  const name = `${database}_${schema}_${table}`.toLowerCase();
  if (Buffer.byteLength(name) <= longestName) return name;
  const hash = createHash('sha256').update(name).digest('hex').slice(0, 12);
  // A cut may fall into a character: what is left of it is not text.
  const front = Buffer.from(name)
    .subarray(0, longestName - 13)
    .toString()
    .replace(/\uFFFD+$/, '');
  return `${front}_${hash}`;
}
