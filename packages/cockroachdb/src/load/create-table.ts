import { displayName, TsmoltError, withoutDomain } from '@tsmolt/core';
import type { Column, LogicalType, PlannedTable } from '@tsmolt/core';
import { quoteColumns, quoteIdentifier, quoteLiteral, quoteTable } from '@tsmolt/pgwire';
import { declaration } from '../types.js';

/** All that creates the table: CREATE TABLE, then one ALTER TABLE for each computed column. @throws TsmoltError `TSM3004` */
export function tableStatements(table: PlannedTable): string[] {
  const computed = table.computedColumns ?? [];
  return [createTableStatement(table), ...computed.map((column) => addComputedColumn(table, column))];
}

/**
 * The table with its columns, NOT NULL and primary key. A table without a key gets CockroachDB's hidden `rowid`.
 *
 * @throws TsmoltError `TSM3004` for a column whose type CockroachDB does not have
 */
export function createTableStatement(table: PlannedTable): string {
  const lines = table.columns.map((column) => columnLine(table, column));
  if (table.primaryKey !== undefined) lines.push(`PRIMARY KEY (${quoteColumns(table.primaryKey.columns)})`);
  return `CREATE TABLE ${quoteTable(table.name)} (\n  ${lines.join(',\n  ')}\n)`;
}

function columnLine(table: PlannedTable, column: Column): string {
  const type = table.chosenTypes?.get(column.name) ?? declaration(column.type);
  if (type === undefined) {
    throw new TsmoltError('TSM3004', {
      message: `${displayName(table.name)}.${column.name} is ${column.nativeType}, which CockroachDB does not have`,
      advice:
        'Choose a type for it with --type-map-file; or create the table on the target and use --table-handling none or ' +
        'truncate-if-exists, or leave the table out with --table-exclusion-filter.',
    });
  }
  return `${quoteIdentifier(column.name)} ${type}${column.nullable ? '' : ' NOT NULL'}`;
}

/** Added after the table, as MOLT does: the expression may name any of its columns. */
function addComputedColumn(table: PlannedTable, column: Column): string {
  const { expression, stored } = generationOf(column);
  // For stored columns the manual ("Computed columns") has PostgreSQL's spelling too, for virtual ones only its own.
  const computed = stored ? `GENERATED ALWAYS AS (${expression}) STORED` : `AS (${expression}) VIRTUAL`;
  return `ALTER TABLE ${quoteTable(table.name)} ADD COLUMN ${columnLine(table, column)} ${computed}`;
}

function generationOf(column: Column): NonNullable<Column['generation']> {
  if (column.generation !== undefined) return column.generation;
  throw new Error(`no expression for computed column ${column.name}`);
}

/** `CREATE TYPE IF NOT EXISTS` for each enum that the columns name. */
export function enumStatements(table: PlannedTable): string[] {
  return declaredTypes(table).flatMap(statementsFor);
}

/** The schemas that the table and its enums live in. */
export function schemasOf(table: PlannedTable): string[] {
  return [
    table.name.schema,
    ...declaredTypes(table)
      .flatMap(enumsIn)
      .map((type) => type.schema),
  ];
}

/** The types of the source that the table is going to name: those of columns whose type nobody chose. */
function declaredTypes(table: PlannedTable): LogicalType[] {
  return [...table.columns, ...(table.computedColumns ?? [])]
    .filter((column) => table.chosenTypes?.has(column.name) !== true)
    .map((column) => column.type);
}

function statementsFor(type: LogicalType): string[] {
  return enumsIn(type).map(({ schema, name, labels }) => {
    const place = `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
    return `CREATE TYPE IF NOT EXISTS ${place} AS ENUM (${labels.map(quoteLiteral).join(', ')})`;
  });
}

function enumsIn(declared: LogicalType): Extract<LogicalType, { kind: 'enum' }>[] {
  const type = withoutDomain(declared);
  if (type.kind === 'array') return enumsIn(type.element);
  return type.kind === 'enum' ? [type] : [];
}

/** What the created table lacks, so that nobody finds out only after the cutover. */
export function notCarriedOver(table: PlannedTable): string[] {
  const found: string[] = [];
  const add = (what: string, names: readonly string[]): void => {
    if (names.length > 0) found.push(`${what} ${names.join(', ')}`);
  };
  const columns = (wanted: (column: Column) => boolean): string[] =>
    table.columns.filter(wanted).map((column) => column.name);
  add(
    'foreign keys',
    table.foreignKeys.map((key) => key.name),
  );
  add(
    'unique keys',
    table.uniqueKeys.map((key) => key.name),
  );
  add('checks', table.checks);
  add(
    'defaults of',
    columns((column) => column.hasDefault),
  );
  add(
    'identity of',
    columns((column) => column.identity !== 'never'),
  );
  add(
    'generation expressions (the values are copied) of',
    columns((column) => column.generated),
  );
  add(
    'collations of',
    columns((column) => column.collation !== undefined),
  );
  add(
    'domain constraints of',
    columns((column) => column.type.kind === 'domain'),
  );
  add(
    'native types (kept as text) of',
    columns(
      (column) =>
        column.type.kind === 'native' &&
        declaration(column.type) === 'STRING' &&
        table.chosenTypes?.has(column.name) !== true,
    ),
  );
  return found;
}
