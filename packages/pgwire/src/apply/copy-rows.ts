import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { encodedKind, EncodedRow, textHeaderBytes } from '@tsmolt/core';
import type { BatchRow, ChangeValue, RowBatch } from '@tsmolt/core';
import { quoteColumns, quoteTable } from '../sql.js';

/** Enough for one write to the socket. */
const chunkBytes = 256 * 1024;
/** UTF-8 bytes of one UTF-16 unit, at most. */
const mostBytesOfUnit = 3;
/** Up to this length a loop is faster than the calls that write any text. */
const shortText = 48;
const [tab, newline, backslash, capitalN, blank, tilde] = [0x09, 0x0a, 0x5c, 0x4e, 0x20, 0x7e];

/** Characters that COPY's text format writes otherwise. Source: PostgreSQL manual, "COPY", "Text Format". */
const special = /[\\\b\f\n\r\t\v]/;
const allSpecial = /[\\\b\f\n\r\t\v]/g;

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/**
 * Writes rows that are not there yet, within a transaction: for half of what a statement costs the server that has to look
 * for each of them.
 *
 * @returns the server's count
 * @throws the server's error where one is there
 */
export async function copyRows(client: ClientBase, { table, columns, rows }: RowBatch): Promise<number> {
  const copy = client.query(copyFrom(`COPY ${quoteTable(table.name)} (${quoteColumns(columns)}) FROM STDIN`));
  // What the server still says about a COPY that has failed already must not end the process.
  copy.on('error', () => undefined);
  await pipeline(copyText(rows), copy);
  return copy.rowCount;
}

/** Rows as COPY's text format has them, many lines at a time. */
export function* copyText(rows: readonly BatchRow[]): Generator<Buffer> {
  let bytes = Buffer.allocUnsafe(Math.min(chunkBytes, bytesOf(rows)));
  let end = 0;
  for (const row of rows) {
    const most = mostBytesOf(row);
    if (end > 0 && end + most > bytes.length) {
      // The stream still holds these: what follows gets memory of its own.
      yield bytes.subarray(0, end);
      bytes = Buffer.allocUnsafe(chunkBytes);
      end = 0;
    }
    if (most > bytes.length) bytes = Buffer.allocUnsafe(most);
    end = row instanceof EncodedRow ? writeEncodedLine(bytes, end, row) : writeLine(bytes, end, row);
  }
  if (end > 0) yield bytes.subarray(0, end);
}

/** About as many as the rows take: room for a few more than a piece would be collected again, for each batch. */
function bytesOf(rows: readonly BatchRow[]): number {
  let bytes = 0;
  for (const row of rows) {
    bytes += row instanceof EncodedRow ? 2 * (row.end - row.start) : mostBytesOf(row);
    if (bytes >= chunkBytes) break;
  }
  return bytes;
}

/** An escaped character has two bytes: fewer than any could have. A NULL that takes one byte here takes three there. */
function mostBytesOf(row: BatchRow): number {
  if (row instanceof EncodedRow) return 3 * (row.end - row.start) + 1;
  let bytes = 0;
  for (const value of row) bytes += 3 + (value?.length ?? 0) * mostBytesOfUnit;
  return bytes + 1;
}

/** @returns where the line ends */
function writeLine(bytes: Buffer, start: number, row: readonly ChangeValue[]): number {
  let at = start;
  for (let index = 0; index < row.length; index++) {
    if (index > 0) bytes[at++] = tab;
    const value = row[index];
    if (value === null || value === undefined) {
      bytes[at++] = backslash;
      bytes[at++] = capitalN;
    } else at = writeField(bytes, at, value);
  }
  bytes[at] = newline;
  return at + 1;
}

function writeField(bytes: Buffer, start: number, value: string): number {
  const { length } = value;
  if (length > shortText) return writeAnyText(bytes, start, value);
  for (let index = 0; index < length; index++) {
    const code = value.charCodeAt(index);
    if (code < blank || code > tilde || code === backslash) return writeAnyText(bytes, start, value);
    bytes[start + index] = code;
  }
  return start + length;
}

function writeAnyText(bytes: Buffer, start: number, value: string): number {
  const text = special.test(value)
    ? value.replaceAll(allSpecial, (character) => escapes[character] ?? '')
    : value;
  return start + bytes.write(text, start);
}

/** What follows the backslash of an escaped byte; 0 for a byte that stands for itself, as all bytes of other characters do. */
const escapeOf = new Uint8Array(256);
for (const [character, escape] of Object.entries(escapes)) {
  escapeOf[character.charCodeAt(0)] = escape.charCodeAt(1);
}

/** @returns where the line ends */
function writeEncodedLine(into: Buffer, start: number, row: EncodedRow): number {
  const { bytes, end } = row;
  let at = start;
  for (let from = row.start; from < end;) {
    if (from > row.start) into[at++] = tab;
    if (bytes[from] !== encodedKind.text) {
      into[at++] = backslash;
      into[at++] = capitalN;
      from += 1;
      continue;
    }
    const length = bytes.readInt32BE(from + 1);
    from += textHeaderBytes + length;
    if (length > shortText) at = writeLongText(into, at, bytes.subarray(from - length, from));
    else {
      for (let byte = from - length; byte < from; byte++) {
        const code = bytes[byte] ?? 0;
        const escape = escapeOf[code] ?? 0;
        if (escape !== 0) into[at++] = backslash;
        into[at++] = escape === 0 ? code : escape;
      }
    }
  }
  into[at] = newline;
  return at + 1;
}

/** Copies what lies between escaped bytes at once. */
function writeLongText(into: Buffer, start: number, text: Buffer): number {
  let at = start;
  let copied = 0;
  for (let byte = 0; byte < text.length; byte++) {
    const escape = escapeOf[text[byte] ?? 0] ?? 0;
    if (escape === 0) continue;
    at += text.copy(into, at, copied, byte);
    into[at++] = backslash;
    into[at++] = escape;
    copied = byte + 1;
  }
  return at + text.copy(into, at, copied);
}
