import { displayName, TsmoltError } from '@tsmolt/core';
import type { Column, Table } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';
import { isBytes, isText, isWholeNumber, nativeTypeOf } from './native-type.js';
import type { NativeType } from './native-type.js';
import { storedBytes, storedText } from './stored-text.js';

/**
 * How a column's value is printed by the server, in UTF-8. NULL stays NULL. Texts are bytes to the server: beside one with a
 * collation of its own it would convert, and refuse, bytes that are no text.
 */
export interface FieldText {
  readonly sql: string;
  /** Whether the text may hold what has a meaning in CSV. */
  readonly free: boolean;
}

/**
 * The text that PostgreSQL reads into the same value.
 *
 * @throws TsmoltError `TSM3004` for types without such a text
 */
export function fieldText(table: Table, column: Column): FieldText {
  const name = quoteIdentifier(column.name);
  const native = nativeTypeOf(column);
  const plain = plainText(name, native, column);
  if (plain !== undefined) return { sql: plain, free: false };
  if (column.type.kind === 'native') throw unsupported(table, column);
  if (isBytes(native.base)) {
    const uuid = column.type.kind === 'uuid';
    return { sql: uuid ? hex(name) : `CONCAT('\\\\x', ${hex(name)})`, free: false };
  }
  // Converted by the server, what is no text would be cut off or replaced, and nobody would see it.
  const isUtf8 = storedText(column) === 'utf-8';
  return { sql: storedBytes(isUtf8 ? name : `CONVERT(${name} USING utf8mb4)`), free: true };
}

/** Numbers, times and bits: texts of a few plain characters. */
function plainText(name: string, native: NativeType, column: Column): string | undefined {
  if (isWholeNumber(native.base)) return numberText(name, native);
  switch (native.base) {
    case 'year':
    case 'decimal':
      return numberText(name, native);
    case 'float':
    case 'double':
      return floatText(name, native);
    case 'bit':
      return column.type.kind === 'boolean' ? `(${name} + 0)` : bits(name, native.length ?? 1);
    case 'date':
    case 'datetime':
    case 'time':
      return `CAST(${name} AS CHAR)`;
    case 'timestamp':
      return `CONCAT(CAST(${name} AS CHAR), '+00')`;
    default:
      return undefined;
  }
}

/** YEAR is printed with four digits and ZEROFILL with zeros in front; the results of an addition are not. */
export function numberText(name: string, { base, zerofill }: NativeType): string {
  return zerofill || base === 'year' ? `(${name} + 0)` : name;
}

/** Significant digits that every DOUBLE keeps. */
const safeDigits = 15;

/**
 * A text that reads back as the same number. A DOUBLE column prints as many digits as that takes; FLOAT prints six, and
 * DOUBLE(M,D) may print too few. As an expression of type DOUBLE both print enough, though not always 17: MySQL gives an
 * expression 22 characters.
 */
export function floatText(name: string, { base, length }: NativeType): string {
  return base === 'double' && (length ?? 0) <= safeDigits ? name : `(${name} * 1e0)`;
}

export function bits(name: string, length: number): string {
  return `LPAD(BIN(${name} + 0), ${length}, '0')`;
}

export function hex(name: string): string {
  return `LOWER(HEX(${name}))`;
}

/**
 * A text of any character set, or what can be cast to one. The binary collation keeps functions from looking for letters
 * that are equal, and columns of different collations from meeting in one expression.
 */
export function utf8Text(name: string): string {
  return `CONVERT(${name} USING utf8mb4) COLLATE utf8mb4_bin`;
}

/** Whether the type is one of texts with a character set: its long values can be sent as they are. */
export function isCharacterType({ base }: NativeType): boolean {
  return isText(base) || base === 'json';
}

function unsupported(table: Table, column: Column): TsmoltError {
  return new TsmoltError('TSM3004', {
    message: `${displayName(table.name)}: column ${column.name} is of type ${column.nativeType}, which cannot be exported`,
    advice:
      'Leave the column out with a transformation, or add a generated column of another type on the source that holds ' +
      'its text, and migrate that.',
  });
}
