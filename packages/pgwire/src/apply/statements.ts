import { columnOf, displayName, TsmoltError } from '@tsmolt/core';
import type { Column, RowBatch, Table } from '@tsmolt/core';
import { quoteColumns, quoteIdentifier, quoteTable } from '../sql.js';
import type { ApplyDialect } from './apply-dialect.js';

export type ApplyVerb = 'upsert' | 'update' | 'rekey' | 'delete';

/** What a statement's text depends on. How many rows there are it never tells. */
export type BatchShape = Pick<RowBatch, 'table' | 'columns' | 'key'>;

/** Texts by table: a table that was read anew from the catalog has texts of its own. */
const known = new WeakMap<Table, Map<string, string>>();

/**
 * The statement for a batch; `$1` and those that follow are arrays of texts, one for each column of the batch, for `rekey`
 * then one for each column of the old key.
 *
 * @throws TsmoltError `TSM7005` for columns that the table does not have or that cannot be written
 */
export function applyStatement(verb: ApplyVerb, shape: BatchShape, dialect: ApplyDialect): string {
  const texts = known.get(shape.table) ?? new Map<string, string>();
  known.set(shape.table, texts);
  const name = `${verb}\0${shape.columns.join('\0')}\0\0${shape.key.join('\0')}`;
  const text = texts.get(name) ?? compose(verb, shape, dialect);
  texts.set(name, text);
  return text;
}

function compose(verb: ApplyVerb, shape: BatchShape, dialect: ApplyDialect): string {
  refuseUnwritable(verb, shape, dialect);
  switch (verb) {
    case 'upsert':
      return upsertText(shape, dialect);
    case 'update':
    case 'rekey':
      return updateText(verb, shape, dialect);
    case 'delete':
      return `DELETE FROM ${dialect.writable(shape.table)} AS t USING ${rowsOf(shape.columns)} WHERE ${matches(shape, dialect)}`;
  }
}

function upsertText(shape: BatchShape, dialect: ApplyDialect): string {
  const { table, columns, key } = shape;
  const values = columns.map((name, index) => valueAt(index, columnOf(table, name), dialect));
  const overriding = columns.some((name) => columnOf(table, name).identity === 'always')
    ? ' OVERRIDING SYSTEM VALUE'
    : '';
  const into = `INTO ${quoteTable(table.name)} (${quoteColumns(columns)})${overriding}`;
  const rows = `SELECT ${values.join(', ')} FROM ${rowsOf(columns)}`;
  if (dialect.wholeRowVerb === 'UPSERT' && isWholeRow(shape)) return `UPSERT ${into} ${rows}`;
  return `INSERT ${into} ${rows}${onConflict(columns, key)}`;
}

function onConflict(columns: readonly string[], key: readonly string[]): string {
  if (key.length === 0) return '';
  const set = columns.filter((name) => !key.includes(name)).map(quoteIdentifier);
  const action =
    set.length === 0
      ? 'DO NOTHING'
      : `DO UPDATE SET ${set.map((name) => `${name} = excluded.${name}`).join(', ')}`;
  return ` ON CONFLICT (${quoteColumns(key)}) ${action}`;
}

/** UPSERT decides by the primary key, whatever key the batch has. */
function isWholeRow({ table, columns, key }: BatchShape): boolean {
  const primary = table.primaryKey?.columns ?? [];
  return (
    primary.length > 0 &&
    primary.length === key.length &&
    primary.every((name) => key.includes(name)) &&
    table.columns.every((column) => column.generated || columns.includes(column.name))
  );
}

/** The rows of `update` are found by the key that they have, those of `rekey` by the one that they had. */
function updateText(verb: 'update' | 'rekey', shape: BatchShape, dialect: ApplyDialect): string {
  const { table, columns, key } = shape;
  const set = columns.flatMap((name, index) =>
    verb === 'update' && key.includes(name)
      ? []
      : [`${quoteIdentifier(name)} = ${valueAt(index, columnOf(table, name), dialect)}`],
  );
  const rows = rowsOf(verb === 'rekey' ? [...columns, ...key] : columns);
  const where = verb === 'rekey' ? matchesAfter(columns.length, shape, dialect) : matches(shape, dialect);
  if (set.length === 0)
    return `SELECT count(*) AS found FROM ${dialect.writable(table)} AS t, ${rows} WHERE ${where}`;
  return `UPDATE ${dialect.writable(table)} AS t SET ${set.join(', ')} FROM ${rows} WHERE ${where}`;
}

/** Several unnests in one select list advance together, on both servers. */
function rowsOf(columns: readonly string[]): string {
  const arrays = columns.map((_name, index) => `unnest($${index + 1}::TEXT[]) AS c${index + 1}`);
  return `(SELECT ${arrays.join(', ')}) AS r`;
}

function matches({ table, columns, key }: BatchShape, dialect: ApplyDialect): string {
  return equalities(
    key.map((name) => ({ column: columnOf(table, name), index: columns.indexOf(name) })),
    dialect,
  );
}

function matchesAfter(first: number, { table, key }: BatchShape, dialect: ApplyDialect): string {
  return equalities(
    key.map((name, index) => ({ column: columnOf(table, name), index: first + index })),
    dialect,
  );
}

function equalities(
  parts: readonly { readonly column: Column; readonly index: number }[],
  dialect: ApplyDialect,
): string {
  return parts
    .map(({ column, index }) => `t.${quoteIdentifier(column.name)} = ${valueAt(index, column, dialect)}`)
    .join(' AND ');
}

function valueAt(index: number, column: Column, dialect: ApplyDialect): string {
  return dialect.fromText(`r.c${index + 1}`, column);
}

function refuseUnwritable(verb: ApplyVerb, shape: BatchShape, dialect: ApplyDialect): void {
  const { table, key } = shape;
  for (const name of shape.columns) {
    const column = table.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw unfit(table, `has no column ${name}`, 'Add the column to the target.');
    if (verb !== 'delete' && column.generated)
      throw unfit(table, `computes column ${name} itself`, 'Leave the column out of the changes.');
    if (column.identity === 'always' && !canWriteIdentity(verb, key.includes(name), dialect))
      throw unfit(
        table,
        `has values of its own for column ${name}, which is GENERATED ALWAYS AS IDENTITY`,
        `ALTER TABLE ... ALTER COLUMN ${quoteIdentifier(name)} SET GENERATED BY DEFAULT on the target.`,
      );
  }
  if (key.length === 0 && verb !== 'upsert')
    throw unfit(table, 'has no key to find rows by', 'Add a primary key to the target.');
}

/** It can be inserted where the server says so, but never updated; a row is found by it everywhere. */
function canWriteIdentity(verb: ApplyVerb, inKey: boolean, dialect: ApplyDialect): boolean {
  switch (verb) {
    case 'delete':
      return true;
    case 'update':
      return inKey;
    case 'upsert':
      return inKey && dialect.insertsIdentity;
    case 'rekey':
      return false;
  }
}

function unfit(table: Table, what: string, advice: string): TsmoltError {
  return new TsmoltError('TSM7005', { message: `${displayName(table.name)} ${what}`, advice });
}
