import { withoutDomain } from '@tsmolt/core';
import type { Column, LogicalType, Table } from '@tsmolt/core';
import { quoteColumns, quoteIdentifier, quoteLiteral, quoteTable } from '@tsmolt/pgwire';
import { declaration } from '../types.js';

/** A type that has to exist before the table does. */
export interface TypeDefinition {
  readonly schema: string;
  readonly name: string;
  readonly statement: string;
}

/** The table with its columns, NOT NULL and primary key: what MOLT's manual promises, and no more. */
export function createTableStatement(table: Table): string {
  const lines = table.columns.map(
    (column) =>
      `${quoteIdentifier(column.name)} ${declaration(column.type)}${column.nullable ? '' : ' NOT NULL'}`,
  );
  if (table.primaryKey !== undefined) lines.push(`PRIMARY KEY (${quoteColumns(table.primaryKey.columns)})`);
  return `CREATE TABLE ${quoteTable(table.name)} (\n  ${lines.join(',\n  ')}\n)`;
}

/** The enums and composite types that the columns name, each after those it is made of. */
export function typeDefinitions(table: Table): TypeDefinition[] {
  return table.columns.flatMap((column) => definitionsOf(column.type));
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
export function notCarriedOver(table: Table): string[] {
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
