import { withoutDomain } from '@tsmolt/core';
import type { Column, LogicalType, PlannedTable } from '@tsmolt/core';
import { quoteColumns, quoteIdentifier, quoteLiteral, quoteTable } from '@tsmolt/pgwire';
import { declaration } from '../types.js';

/** A type that has to exist before the table does. */
export interface TypeDefinition {
  readonly schema: string;
  readonly name: string;
  readonly statement: string;
}

/** All that creates the table: CREATE TABLE, then one ALTER TABLE for each computed column. */
export function tableStatements(table: PlannedTable): string[] {
  const computed = table.computedColumns ?? [];
  return [createTableStatement(table), ...computed.map((column) => addComputedColumn(table, column))];
}

/** The table with its columns, NOT NULL and primary key: what MOLT's manual promises, and no more. */
export function createTableStatement(table: PlannedTable): string {
  const lines = table.columns.map(
    (column) =>
      `${quoteIdentifier(column.name)} ${typeOf(table, column)}${column.nullable ? '' : ' NOT NULL'}`,
  );
  if (table.primaryKey !== undefined) lines.push(`PRIMARY KEY (${quoteColumns(table.primaryKey.columns)})`);
  return `CREATE TABLE ${quoteTable(table.name)} (\n  ${lines.join(',\n  ')}\n)`;
}

/** Always stored: columns that are computed when they are read came with version 18 and cannot be indexed there. */
function addComputedColumn(table: PlannedTable, column: Column): string {
  const expression = column.generation?.expression;
  if (expression === undefined) throw new Error(`no expression for computed column ${column.name}`);
  const notNull = column.nullable ? '' : ' NOT NULL';
  return (
    `ALTER TABLE ${quoteTable(table.name)} ADD COLUMN ${quoteIdentifier(column.name)} ${typeOf(table, column)}${notNull} ` +
    `GENERATED ALWAYS AS (${expression}) STORED`
  );
}

function typeOf(table: PlannedTable, column: Column): string {
  const chosen = table.chosenTypes?.get(column.name);
  return chosen === undefined ? declaration(column.type) : inOurNames(chosen);
}

/** A type map speaks CockroachDB's language: these names mean something else in PostgreSQL, or nothing. */
function inOurNames(type: string): string {
  return type
    .replace(/^string(?= ?\()/i, 'character varying')
    .replace(/^string(?=$|\[)/i, 'text')
    .replace(/^bytes(?=$|\[)/i, 'bytea')
    .replace(/^(int|integer)(?=$|\[)/i, 'bigint');
}

/** The enums and composite types that the columns name, each after those it is made of. */
export function typeDefinitions(table: PlannedTable): TypeDefinition[] {
  return [...table.columns, ...(table.computedColumns ?? [])]
    .filter((column) => table.chosenTypes?.has(column.name) !== true)
    .flatMap((column) => definitionsOf(column.type));
}

function definitionsOf(declared: LogicalType): TypeDefinition[] {
  const type = withoutDomain(declared);
  if (type.kind === 'array') return definitionsOf(type.element);
  if (type.kind === 'enum') {
    const labels = type.labels.map(quoteLiteral).join(', ');
    return [define(type, `ENUM (${labels})`)];
  }
  if (type.kind === 'composite') {
    const fields = type.fields.map((field) => `${quoteIdentifier(field.name)} ${declaration(field.type)}`);
    return [
      ...type.fields.flatMap((field) => definitionsOf(field.type)),
      define(type, `(${fields.join(', ')})`),
    ];
  }
  return [];
}

function define(type: { readonly schema: string; readonly name: string }, body: string): TypeDefinition {
  const { schema, name } = type;
  return {
    schema,
    name,
    statement: `CREATE TYPE ${quoteIdentifier(schema)}.${quoteIdentifier(name)} AS ${body}`,
  };
}

/** What the created table lacks, so that nobody finds out only after the cutover. */
export function notCarriedOver(table: PlannedTable): string[] {
  const names = (columns: readonly Column[]): string => columns.map((column) => column.name).join(', ');
  const found: string[] = [];
  const add = (what: string, columns: readonly Column[]): void => {
    if (columns.length > 0) found.push(`${what} ${names(columns)}`);
  };
  if (table.foreignKeys.length > 0)
    found.push(`foreign keys ${table.foreignKeys.map((key) => key.name).join(', ')}`);
  if (table.uniqueKeys.length > 0)
    found.push(`unique keys ${table.uniqueKeys.map((key) => key.name).join(', ')}`);
  if (table.checks.length > 0) found.push(`checks ${table.checks.join(', ')}`);
  if (table.partitioned) found.push('partitioning (all rows go into one table)');
  add(
    'defaults of',
    table.columns.filter((column) => column.hasDefault),
  );
  add(
    'identity of',
    table.columns.filter((column) => column.identity !== 'never'),
  );
  add(
    'generation expressions (the values are copied) of',
    table.columns.filter((column) => column.generated),
  );
  add(
    'collations of',
    table.columns.filter((column) => column.collation !== undefined),
  );
  add(
    'domain constraints of',
    table.columns.filter((column) => column.type.kind === 'domain'),
  );
  return found;
}
