import type { Column } from '@tsmolt/core';

/** A column's type as the engine prints it, taken apart: `datetime(6)` is `datetime` with 6. */
export interface NativeType {
  /** In lower case, without length and attributes. */
  readonly base: string;
  /** The first number in parentheses. */
  readonly length: number | undefined;
  /** Printed with zeros in front. */
  readonly zerofill: boolean;
}

export function nativeTypeOf(column: Pick<Column, 'nativeType'>): NativeType {
  const [, base = '', length] = /^\s*(\w+)(?:\((\d+)[,)])?/.exec(column.nativeType) ?? [];
  return {
    base: base.toLowerCase(),
    length: length === undefined ? undefined : Number(length),
    zerofill: /\bzerofill\b/i.test(column.nativeType),
  };
}

const texts = new Set(['char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext']);
const bytes = new Set(['binary', 'varbinary', 'tinyblob', 'blob', 'mediumblob', 'longblob']);
const whole = new Set(['tinyint', 'smallint', 'mediumint', 'int', 'integer', 'bigint']);
const long = new Set(['text', 'mediumtext', 'longtext', 'blob', 'mediumblob', 'longblob', 'json']);

export const isText = (base: string): boolean => texts.has(base);
export const isBytes = (base: string): boolean => bytes.has(base);
export const isWholeNumber = (base: string): boolean => whole.has(base);
export const isFloat = (base: string): boolean => base === 'float' || base === 'double';
/** Types whose values do not count towards the 65,535 bytes that a row may have. */
export const isLong = (base: string): boolean => long.has(base);
