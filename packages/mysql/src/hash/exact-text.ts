import { isUtf8 } from 'node:buffer';
import type { Column } from '@tsmolt/core';
import { utf8Text } from '../export/field-text.js';
import { isNoText, storedBytes, storedText } from '../export/stored-text.js';
import { quoteIdentifier, quoteText } from '../sql.js';

/** Before the digits of bytes that are no text. No target has a zero character in a text: nothing there equals it. */
const mark = `\0bytes that are no text: X'`;

/**
 * A column's text in UTF-8. What is none in its character set is neither cut off nor replaced: it comes as its bytes (in
 * UTF-8) or as their digits, and equals no text.
 */
export function exactText(column: Column): string {
  const name = quoteIdentifier(column.name);
  if (storedText(column) === 'utf-8') return storedBytes(name);
  const condition = isNoText(column);
  const text = utf8Text(name);
  return condition === undefined ? text : `IF(${condition}, ${printedBytes(name)}, ${text})`;
}

function printedBytes(name: string): string {
  return `CONCAT(_utf8mb4 X'00', ${quoteText(mark.slice(1))}, HEX(${name}), '''')`;
}

/** What `exactText` printed, as a text. */
export function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString() : `${mark}${bytes.toString('hex').toUpperCase()}'`;
}

/** The digits of the stored bytes that a text stands for; undefined for a text that is one. */
export function digitsOf(text: string): string | undefined {
  return text.startsWith(mark) ? text.slice(mark.length, -1) : undefined;
}
