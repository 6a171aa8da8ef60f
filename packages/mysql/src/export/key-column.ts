import { isUtf8 } from 'node:buffer';
import type { Column } from '@tsmolt/core';
import { quoteIdentifier, quoteText } from '../sql.js';
import { floatText, hex } from './field-text.js';
import { isBytes, isFloat, isText, isWholeNumber, nativeTypeOf } from './native-type.js';

/** How the values of a key column are read and written again, so that they compare as the column does. */
export interface KeyColumn {
  /** The quoted name. */
  readonly name: string;
  /** An expression whose text `literal` takes. */
  readonly read: string;
  readonly literal: (text: string) => string;
  /** False for a value that the server keeps and takes from no literal: bytes that are no text. True without it. */
  readonly hasLiteral?: (text: string) => boolean;
}

/**
 * Undefined for types that no index can be read by.
 *
 * @param charset the column's character set: a literal in another one could be compared by another collation
 */
export function keyColumn(column: Column, charset: string | undefined): KeyColumn | undefined {
  const name = quoteIdentifier(column.name);
  const native = nativeTypeOf(column);
  const { base } = native;
  if (isFloat(base)) return { name, read: `CONCAT(${floatText(name, native)})`, literal: floatLiteral };
  if (isNumberLike(base)) return { name, read: `CONCAT(${name} + 0)`, literal: (text) => text };
  if (isBytes(base)) return { name, read: hex(name), literal: (text) => `X'${text}'` };
  if (isText(base) && charset !== undefined) {
    const literal = (text: string): string => `_${charset} X'${text}'`;
    const isUtf8Text = (text: string): boolean => isUtf8(Buffer.from(text, 'hex'));
    return {
      name,
      read: hex(name),
      literal,
      ...(charset.startsWith('utf8') ? { hasLiteral: isUtf8Text } : {}),
    };
  }
  if (isPrinted(base)) return { name, read: `CAST(${name} AS CHAR)`, literal: quoteText };
  return undefined;
}

/** ENUM and SET sort by their numbers, not by their words; YEAR and BIT are numbers. */
function isNumberLike(base: string): boolean {
  return isWholeNumber(base) || ['decimal', 'year', 'bit', 'enum', 'set'].includes(base);
}

/** Types that compare with a text as with a value of their own. */
function isPrinted(base: string): boolean {
  return ['date', 'datetime', 'timestamp', 'time', 'uuid', 'inet4', 'inet6'].includes(base);
}

/** Without an exponent it would be a DECIMAL. */
export function floatLiteral(text: string): string {
  return text.includes('e') ? text : `${text}e0`;
}
