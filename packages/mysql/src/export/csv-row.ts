import { columnOf } from '@tsmolt/core';
import type { Column, ExportRequest, Table, UnrepresentablePolicy } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';
import { fieldText, isCharacterType } from './field-text.js';
import { isBytes, isLong, nativeTypeOf } from './native-type.js';
import { reportExpression, withPolicy } from './unrepresentable.js';

/**
 * What stands at one place of the server's row: fields that the server has joined already, or one long value that is to be
 * made a field on this side.
 */
export type RowPart = 'fields' | 'long text' | 'long bytes';

/** How a row of the table becomes a line of CSV. */
export interface RowPlan {
  /** The select list: one expression a part, and the report as the last where there is one. */
  readonly expressions: readonly string[];
  readonly parts: readonly RowPart[];
  readonly reports: boolean;
  readonly columns: readonly Column[];
  /** How NULL is written. */
  readonly nullField: string;
}

export interface RowPlanOptions extends Pick<ExportRequest, 'table' | 'columns' | 'format'> {
  readonly unrepresentable: UnrepresentablePolicy;
  /**
   * Long values come as columns of their own: the server's functions give NULL for results beyond `max_allowed_packet`,
   * while a column is sent whatever its length.
   */
  readonly longApart: boolean;
}

/**
 * The server joins a row's fields, so that one value a row crosses into JavaScript.
 *
 * @throws TsmoltError `TSM3004` for a column that has no text
 */
export function planRow(options: RowPlanOptions): RowPlan {
  const { table, unrepresentable } = options;
  const columns = options.columns.map((name) => columnOf(table, name));
  const nullField = options.format === 'csv-marked-null' ? '\\N' : '';
  const places = columns.map((column) => placeOf(column, options.longApart));
  const groups = groupPlaces(columns, places).map((group) => ({
    part: group.part,
    sql:
      group.part === 'fields'
        ? joined(group.columns.map((column) => csvField(table, column, { nullField, unrepresentable })))
        : quoteIdentifier(group.columns[0]?.name ?? ''),
  }));
  const report = reportExpression(table, columns, unrepresentable);
  return {
    expressions: [...groups.map(({ sql }) => sql), ...(report === undefined ? [] : [report])],
    parts: groups.map(({ part }) => part),
    reports: report !== undefined,
    columns,
    nullField,
  };
}

function placeOf(column: Column, longApart: boolean): RowPart {
  const native = nativeTypeOf(column);
  if (!longApart || !isLong(native.base)) return 'fields';
  if (isBytes(native.base)) return 'long bytes';
  return isCharacterType(native) ? 'long text' : 'fields';
}

interface Group {
  readonly part: RowPart;
  readonly columns: Column[];
}

/** Neighbours that the server can join are one group. */
function groupPlaces(columns: readonly Column[], places: readonly RowPart[]): Group[] {
  const groups: Group[] = [];
  for (const [index, column] of columns.entries()) {
    const part = places[index] ?? 'fields';
    const before = groups.at(-1);
    if (part === 'fields' && before?.part === 'fields') before.columns.push(column);
    else groups.push({ part, columns: [column] });
  }
  // A row without columns is a line all the same.
  return groups.length === 0 ? [{ part: 'fields', columns: [] }] : groups;
}

function joined(fields: readonly string[]): string {
  // CONCAT of one number is a text too, and an empty row a text of no length.
  return fields.length === 0 ? `''` : `CONCAT(${fields.join(`, ',', `)})`;
}

interface FieldOptions {
  readonly nullField: string;
  readonly unrepresentable: UnrepresentablePolicy;
}

/**
 * One field. NULL is asked of the column and not of the expression: where a function gives NULL because its result is too
 * long, the row is to become NULL with it and be seen, and not a field.
 */
export function csvField(table: Table, column: Column, { nullField, unrepresentable }: FieldOptions): string {
  const name = quoteIdentifier(column.name);
  const text = fieldText(table, column);
  const field = text.free ? `CONCAT('"', REPLACE(${text.sql}, '"', '""'), '"')` : text.sql;
  const written = quoteNull(nullField);
  const held = withPolicy(column, field, unrepresentable);
  // What the policy made NULL; without it only the column itself can be.
  const replaced = held !== field && unrepresentable === 'null' ? `IFNULL(${held}, ${written})` : held;
  return column.nullable ? `IF(${name} IS NULL, ${written}, ${replaced})` : replaced;
}

function quoteNull(nullField: string): string {
  return `'${nullField.replaceAll('\\', '\\\\')}'`;
}
