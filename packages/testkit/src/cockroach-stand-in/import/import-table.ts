import { quoteLiteral } from '../sql/statement.js';
import type { OfflineTable } from '../jobs/job.js';
import type { Rows } from '../session.js';
import type { ServerError } from '../wire/messages.js';

export interface ImportColumn {
  readonly name: string;
  /** As PostgreSQL prints it. */
  readonly type: string;
  readonly computed: boolean;
  /** It may be left out: nullable, or with a default. */
  readonly optional: boolean;
}

/** A table that rows can be imported into. */
export interface ImportTable extends OfflineTable {
  readonly columns: readonly ImportColumn[];
}

/** The query that `readTable` makes a table of. @param name as SQL writes it */
export function tableQuery(name: string): string {
  return `SELECT c.oid::text, n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, NULL),
  (a.attgenerated <> '')::text, (NOT a.attnotnull OR a.atthasdef OR a.attidentity <> '')::text
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.oid = pg_catalog.to_regclass(${quoteLiteral(name)}) ORDER BY a.attnum`;
}

export function readTable(rows: Rows | undefined, database: string): ImportTable | undefined {
  const [first] = rows ?? [];
  if (first === undefined || rows === undefined) return undefined;
  return {
    database,
    oid: first[0] ?? '',
    schema: first[1] ?? '',
    table: first[2] ?? '',
    columns: rows.map((row) => ({
      name: row[3] ?? '',
      type: row[4] ?? '',
      computed: row[5] === 'true',
      optional: row[6] === 'true',
    })),
  };
}

/** The columns that the files' fields are for, in order. */
export function targetColumns(
  table: ImportTable,
  listed: readonly string[] | undefined,
): readonly ImportColumn[] | { readonly refused: ServerError } {
  const wanted = listed ?? table.columns.filter(({ computed }) => !computed).map(({ name }) => name);
  const found = wanted.map((name) => table.columns.find((column) => column.name === name));
  const missing = found.indexOf(undefined);
  if (missing >= 0) return refused('42703', `column "${wanted[missing]}" does not exist`);
  const columns = found.filter((column) => column !== undefined);
  const computed = columns.find((column) => column.computed);
  if (computed !== undefined)
    return refused('55000', `cannot write directly to computed column "${computed.name}"`);
  const left = table.columns.find(
    (column) => !column.optional && !column.computed && !wanted.includes(column.name),
  );
  return left === undefined ? columns : refused('XXUUU', leftOut(left.name));
}

function leftOut(name: string): string {
  return (
    'all non-target columns in IMPORT INTO must be nullable or have default expressions, ' +
    `or have computed expressions but violated by column "${name}"`
  );
}

function refused(sqlstate: string, message: string): { readonly refused: ServerError } {
  return { refused: { sqlstate, message } };
}
