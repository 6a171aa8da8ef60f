import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Faults } from '../faults.js';
import type { Holds } from '../holds.js';
import type { JobControl } from '../jobs/job.js';
import type { PostgresServer } from '../server-connection.js';
import { quoteName } from '../sql/statement.js';
import { copyLines } from './copy-lines.js';
import { importError } from './import-errors.js';
import type { ImportOptions } from './import-options.js';
import type { ImportColumn, ImportTable } from './import-table.js';
import { openFile, unpacking } from './open-file.js';

export interface ImportPlan {
  readonly description: string;
  readonly table: ImportTable;
  readonly columns: readonly ImportColumn[];
  readonly urls: readonly string[];
  readonly options: ImportOptions;
}

export interface ImportCounts {
  readonly rows: number;
  readonly indexEntries: number;
  readonly bytes: number;
}

export interface ImportServices {
  readonly server: PostgresServer;
  readonly faults: Faults;
  readonly holds: Holds;
}

interface Counted {
  rows: number;
  bytes: number;
}

/** Loads the files in one transaction of PostgreSQL: all of them or none. */
export async function runImport(
  plan: ImportPlan,
  { server, faults, holds }: ImportServices,
  control: JobControl,
): Promise<ImportCounts> {
  const client = await server.open(plan.table.database);
  const counted: Counted = { rows: 0, bytes: 0 };
  try {
    const checks = await withoutConstraints(client, plan.table);
    for (const [index, url] of plan.urls.entries()) {
      const progress = (share: number): void => control.progress((0.9 * (index + share)) / plan.urls.length);
      try {
        await importFile(client, { plan, url, counted, progress, signal: control.signal });
      } catch (thrown) {
        control.reverting();
        await client.query('ROLLBACK');
        throw await importError(thrown, { url, options: plan.options, table: plan.table, server });
      }
    }
    await unvalidate(client, plan.table, checks);
    control.progress(0.9);
    await holds.pass(plan.description, control.signal);
    const fault = faults.strike('job', plan.description, false);
    if (fault !== undefined) throw new Error(fault.error?.message ?? 'node is shutting down');
    control.signal.throwIfAborted();
    const indexes = await countSecondaryIndexes(client, plan.table);
    await client.query('COMMIT');
    return { ...counted, indexEntries: counted.rows * indexes };
  } catch (thrown) {
    control.reverting();
    throw thrown;
  } finally {
    // An open transaction ends with its session.
    await client.end();
  }
}

interface FileImport {
  readonly plan: ImportPlan;
  readonly url: string;
  readonly counted: Counted;
  readonly progress: (share: number) => void;
  readonly signal: AbortSignal;
}

async function importFile(client: pg.Client, file: FileImport): Promise<void> {
  const { plan, url, counted, signal } = file;
  const { table, columns, options } = plan;
  signal.throwIfAborted();
  const opened = await openFile(url, signal);
  let read = 0;
  async function* watched(): AsyncGenerator<Buffer> {
    for await (const chunk of opened.stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      counted.bytes += chunk.length;
      if (opened.size !== undefined && opened.size > 0) file.progress(Math.min(1, read / opened.size));
      yield chunk;
    }
  }
  const unpack = unpacking(url, options);
  const names = columns.map(({ name }) => quoteName(name)).join(', ');
  const copy = client.query(
    copyFrom(`COPY ${quoteName(table.schema)}.${quoteName(table.table)} (${names}) FROM STDIN`),
  );
  const toLines = (chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> =>
    copyLines(chunks, columns.length, options);
  const source = Readable.from(watched());
  await (unpack === undefined
    ? pipeline(source, toLines, copy, { signal })
    : pipeline(source, unpack, toLines, copy, { signal }));
  counted.rows += copy.rowCount;
  file.progress(1);
}

/**
 * Begins the transaction. Foreign keys and triggers are not looked at in a replica's session; CHECKs would be, so they are
 * taken away and come back at the end.
 *
 * @returns the statements that bring them back
 */
async function withoutConstraints(client: pg.Client, table: ImportTable): Promise<string[]> {
  const name = `${quoteName(table.schema)}.${quoteName(table.table)}`;
  // A reader that was there before the job keeps CHECKs from being taken away for as long as its transaction lasts.
  await client.query(
    `BEGIN; SET LOCAL session_replication_role = replica; SET LOCAL timezone = 'UTC'; SET LOCAL lock_timeout = '30s'`,
  );
  const { rows } = await client.query<{ name: string; definition: string }>(
    `SELECT conname AS name, pg_get_constraintdef(oid) AS definition FROM pg_constraint WHERE conrelid = $1::oid AND contype = 'c'`,
    [table.oid],
  );
  for (const check of rows)
    await client.query(`ALTER TABLE ${name} DROP CONSTRAINT ${quoteName(check.name)}`);
  return rows.map(
    (check) =>
      `ALTER TABLE ${name} ADD CONSTRAINT ${quoteName(check.name)} ${check.definition.replace(/ NOT VALID$/, '')} NOT VALID`,
  );
}

/** PostgreSQL has no statement that makes a foreign key NOT VALID, and taking it away would lock the other table. */
async function unvalidate(client: pg.Client, table: ImportTable, checks: readonly string[]): Promise<void> {
  for (const statement of checks) await client.query(statement);
  await client.query(
    `UPDATE pg_catalog.pg_constraint SET convalidated = false WHERE conrelid = $1::oid AND contype = 'f'`,
    [table.oid],
  );
}

async function countSecondaryIndexes(client: pg.Client, table: ImportTable): Promise<number> {
  const { rows } = await client.query<{ n: number }>(
    'SELECT count(*)::int4 AS n FROM pg_index WHERE indrelid = $1::oid AND NOT indisprimary',
    [table.oid],
  );
  return rows[0]?.n ?? 0;
}
