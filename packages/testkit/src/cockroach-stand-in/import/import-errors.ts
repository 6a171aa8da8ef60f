import { DatabaseError } from 'pg';
import { quoteName } from '../sql/statement.js';
import { redacted } from '../sql/redacted.js';
import type { PostgresServer } from '../server-connection.js';
import { records, RowError, rowText } from './copy-lines.js';
import type { ImportOptions } from './import-options.js';
import type { ImportTable } from './import-table.js';
import { openFile, unpacking } from './open-file.js';

export interface FailedFile {
  readonly url: string;
  readonly options: ImportOptions;
  readonly table: ImportTable;
  readonly server: PostgresServer;
}

/**
 * What the job says about a file that could not be imported: CockroachDB's words for PostgreSQL's. Nothing of the job may be
 * left in PostgreSQL when this is called, for it looks at the table.
 */
export async function importError(thrown: unknown, file: FailedFile): Promise<Error> {
  const url = redacted(file.url);
  if (thrown instanceof RowError)
    return new Error(`${url}: error parsing row ${thrown.row}: ${thrown.message}`);
  if (!(thrown instanceof DatabaseError)) {
    return new Error(`${url}: ${thrown instanceof Error ? thrown.message : String(thrown)}`, {
      cause: thrown,
    });
  }
  if (thrown.code === '23505') return new Error(await keyError(thrown, file));
  const place = /line (\d+)(?:, column (\S+): (?:"([^]*)"|null input))?/.exec(thrown.where ?? '');
  if (place === null) return new Error(`${url}: ${thrown.message}`, { cause: thrown });
  const row = Number(place[1]) + file.options.skip;
  const text = await recordText(file, row);
  return new Error(`${url}: error parsing row ${row}: ${causeOf(thrown, place, file.table)} (row: ${text})`);
}

function causeOf(error: DatabaseError, place: RegExpExecArray, table: ImportTable): string {
  const column = table.columns.find(({ name }) => name === place[2]);
  if (column === undefined || place[3] === undefined) return error.message;
  const type = column.type.toUpperCase();
  return `parse "${column.name}" as ${type}: could not parse "${place[3]}" as type ${column.type}: ${error.message}`;
}

/** Reads the file again: when the error comes, much more of it has been sent than can be kept. */
async function recordText(file: FailedFile, row: number): Promise<string> {
  const reading = new AbortController();
  const { stream } = await openFile(file.url, reading.signal);
  const unpack = unpacking(file.url, file.options);
  try {
    const chunks = unpack === undefined ? stream : stream.pipe(unpack);
    for await (const lot of records(chunks as AsyncIterable<Buffer>, file.options)) {
      const record = lot.records[row - lot.from];
      if (record !== undefined) return rowText(record, file.options);
    }
    return '';
  } finally {
    stream.destroy();
    reading.abort();
  }
}

/** A key that is there twice: once in the table already, or twice in the files. CockroachDB words the two differently. */
async function keyError(error: DatabaseError, { server, table }: FailedFile): Promise<string> {
  const values = /=\(([^]*)\) already exists/.exec(error.detail ?? '')?.[1] ?? '';
  const { primary, collides } = await server.with(table.database, async (client) => {
    const found = await client.query<{ primary: boolean; columns: string[] }>(
      `SELECT i.indisprimary AS primary, ARRAY(SELECT a.attname::text FROM unnest(i.indkey) WITH ORDINALITY AS k (number, position)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number ORDER BY k.position) AS columns
      FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE i.indrelid = $1::oid AND c.relname = $2`,
      [table.oid, error.constraint ?? ''],
    );
    const index = found.rows[0] ?? { primary: true, columns: [] };
    const key = index.columns.map((name) => `${quoteName(name)}::text`).join(', ');
    const there = await client.query(
      `SELECT FROM ${quoteName(table.schema)}.${quoteName(table.table)} WHERE concat_ws(', ', ${key || `''`}) = $1 LIMIT 1`,
      [values],
    );
    return { primary: index.primary, collides: there.rows.length > 0 };
  });
  const key = `/Table/${table.oid}/${primary ? 1 : 2}/${values.split(', ').join('/')}/0`;
  if (collides) return `checking for key collisions: ingested key collides with an existing one: ${key}`;
  return `duplicate key in ${primary ? 'primary index' : 'index'}: ${key}`;
}
