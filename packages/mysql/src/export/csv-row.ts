import { columnOf } from '@tsmolt/core';
import type { Column, ExportRequest, Table, UnrepresentablePolicy } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';
import { fieldText, isCharacterType } from './field-text.js';
import { isBytes, isLong, nativeTypeOf } from './native-type.js';
import { characterSetOf, storedBytes, storedText } from './stored-text.js';
import { reportExpression, withPolicy } from './unrepresentable.js';
import type { SentValue } from './unrepresentable.js';

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
  /** For values that this side sees to be none of a target's. */
  readonly unrepresentable: UnrepresentablePolicy;
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
  const groups = groupPlaces(columns, places).map(({ part, columns: own }) => ({
    part,
    sql:
      part === 'fields'
        ? joined(own.map((column) => csvField(table, column, { nullField, unrepresentable })))
        : own.map((column) => longValue(column, part, unrepresentable)).join(),
  }));
  const sent = columns.map((column, index) => sentValue(column, places[index] ?? 'fields'));
  const report = reportExpression(table, columns, unrepresentable, sent);
  return {
    expressions: [...groups.map(({ sql }) => sql), ...(report === undefined ? [] : [report])],
    parts: groups.map(({ part }) => part),
    reports: report !== undefined,
    columns,
    nullField,
    unrepresentable,
  };
}

function placeOf(column: Column, longApart: boolean): RowPart {
  const native = nativeTypeOf(column);
  if (!longApart || !isLong(native.base)) return 'fields';
  if (isBytes(native.base)) return 'long bytes';
  return isCharacterType(native) ? 'long text' : 'fields';
}

/** UTF-8 is sent as it is stored; a long value of the older form of it would be converted on its way. */
function sentValue(column: Column, part: RowPart): SentValue {
  const isUtf8 = storedText(column) === 'utf-8';
  if (part === 'fields') return isUtf8 ? 'seen here' : 'joined';
  return isUtf8 && characterSetOf(column) === 'utf8mb4' ? 'seen here' : 'whole';
}

function longValue(column: Column, part: RowPart, unrepresentable: UnrepresentablePolicy): string {
  const name = quoteIdentifier(column.name);
  return sentValue(column, part) === 'whole' ? withPolicy(column, name, unrepresentable) : name;
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
  const written = (sql: string): string => (text.free ? `CONCAT('"', REPLACE(${sql}, '"', '""'), '"')` : sql);
  const missing = quoteNull(nullField);
  const field = written(text.sql);
  const seenHere = sentValue(column, 'fields') === 'seen here';
  const held = seenHere
    ? field
    : withPolicy(column, field, unrepresentable, {
        missing,
        written: (nearest) => written(text.free ? storedBytes(nearest) : nearest),
      });
  return column.nullable ? `IF(${name} IS NULL, ${missing}, ${held})` : held;
}

function quoteNull(nullField: string): string {
  return `'${nullField.replaceAll('\\', '\\\\')}'`;
}
