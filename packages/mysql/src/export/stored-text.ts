import type { Column } from '@tsmolt/core';
import { quoteIdentifier } from '../sql.js';
import { nativeTypeOf } from './native-type.js';

/**
 * What a column may store that is no text. Servers take any bytes that have the form of a character: halves of surrogate
 * pairs (`_ucs2 X'D800'` in every set of Unicode but UTF-16), and places of a set that are empty.
 */
export type StoredText =
  /** UTF-8, whose bytes can be taken as they are and looked at on this side. */
  | 'utf-8'
  /** Other forms of Unicode. MySQL's conversion ends before what is no character, and MariaDB's writes a surrogate as one. */
  | 'unicode'
  /** Sets that have no character for some bytes: a conversion prints a question mark, or in a few sets U+FFFD. */
  | 'with gaps'
  /** Every value is text. */
  | 'complete';

/** Found by converting every sequence of one and two bytes on both servers. */
const complete = new Set([
  'armscii8', 'binary', 'cp850', 'cp852', 'cp866', 'keybcs2', 'koi8r', 'koi8u', 'latin1', 'latin2', 'latin5', 'latin7',
  'macce', 'macroman', 'utf16', 'utf16le',
]); // prettier-ignore

/** Sets that print U+FFFD in some gaps, and have no such character. */
const printSubstitute = new Set(['big5', 'tis620']);

/** Undefined where the column is no text, or one that the server makes up (a uuid, an address). */
export function storedText(column: Column): StoredText | undefined {
  const set = characterSetOf(column);
  if (set === undefined) return undefined;
  if (set === 'utf8mb4' || set === 'utf8mb3' || set === 'utf8') return 'utf-8';
  if (set === 'ucs2' || set === 'utf32') return 'unicode';
  return complete.has(set) ? 'complete' : 'with gaps';
}

/** MySQL's documents are printed in utf8mb4. */
export function characterSetOf(column: Column): string | undefined {
  return column.characterSet ?? (nativeTypeOf(column).base === 'json' ? 'utf8mb4' : undefined);
}

/** The bytes as they are stored. */
export function storedBytes(name: string): string {
  return `CAST(${name} AS BINARY)`;
}

/** What is said of a value whose bytes are no text. */
export function noText(column: Column): string {
  return `bytes that are no text in ${characterSetOf(column)}`;
}

/** Neither a text that is loaded anywhere, nor one character in sets that have fewer: it holds the place of a real `?`. */
const placeholder = `_utf8mb4 X'EFBFBF'`;
const substitute = `_utf8mb4 X'EFBFBD'`;

/**
 * True for values that are no text in their character set; NULL where the server cannot tell, because the value is too long
 * for its functions. Undefined where every value is one.
 */
export function isNoText(column: Column): string | undefined {
  const name = quoteIdentifier(column.name);
  const set = characterSetOf(column) ?? '';
  switch (storedText(column)) {
    case 'utf-8':
    case 'unicode':
      return `(${storedBytes(`CONVERT(CONVERT(${name} USING utf16) USING ${set})`)} <> ${storedBytes(name)})`;
    case 'with gaps':
      return printSubstitute.has(set)
        ? `(${hasGap(name, set)} OR ${found(substitute, inUtf8(name))})`
        : hasGap(name, set);
    default:
      return undefined;
  }
}

/**
 * A question mark that stands for no character. Most values have none at all; few of the others become other bytes when they
 * are converted there and back, and they are looked at without their own question marks. (A few sets have two places for
 * one character: that bytes do not come back says nothing by itself.)
 */
function hasGap(name: string, set: string): string {
  const without = `REPLACE(${name}, '?', '')`;
  return (
    `(${found(`'?'`, inUtf8(name))}` +
    ` AND ${storedBytes(`CONVERT(${inUtf8(name)} USING ${set})`)} <> ${storedBytes(name)}` +
    ` AND ${found(`'?'`, inUtf8(without))})`
  );
}

/**
 * The text with substitutes for what is none, where `isNoText`: the replicator's `DecodedText` has the same ones.
 */
export function nearestText(column: Column): string {
  const name = quoteIdentifier(column.name);
  const kind = storedText(column);
  // A gap is printed as a question mark by the servers, and so it is wherever text of such a set is decoded.
  if (kind === 'with gaps') return `REPLACE(${inUtf8(name)}, ${substitute}, '?')`;
  // Converted to UTF-16, what is no character becomes a question mark on both servers.
  const marked = `CONVERT(CONVERT(REPLACE(${name}, '?', ${placeholder}) USING utf16) USING utf8mb4) COLLATE utf8mb4_bin`;
  const replaced = `REPLACE(${marked}, '?', ${kind === 'utf-8' ? substitutesOfUtf8 : substitute})`;
  return `REPLACE(${replaced}, ${placeholder}, '?')`;
}

/** One for each byte, as decoders have it. MySQL prints one question mark for each byte, and MariaDB one for all three. */
const substitutesOfUtf8 = `REPEAT(${substitute}, IF(VERSION() LIKE '%MariaDB%', 3, 1))`;

function inUtf8(text: string): string {
  return `CONVERT(${text} USING utf8mb4) COLLATE utf8mb4_bin`;
}

function found(part: string, text: string): string {
  return `LOCATE(${part}, ${text}) > 0`;
}
