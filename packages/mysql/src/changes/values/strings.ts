import { inflateRawSync, inflateSync } from 'node:zlib';
import type { ByteReader } from '../byte-reader.js';
import { substitute, utf8 } from './exact-text.js';
import type { DecodeText, InexactText } from './exact-text.js';
import { throughText } from './read-value.js';
import type { ReadValue, ValueReader } from './read-value.js';

/** How the bytes of a string lie in a row: their number in so many bytes, then they themselves. */
export function counted(lengthBytes: number): (reader: ByteReader) => Buffer {
  const length = lengthReader(lengthBytes);
  return (reader) => reader.bytes(length(reader));
}

/** Text in UTF-8, as `counted` has its bytes. */
export function countedText(lengthBytes: number, inexact: InexactText): ValueReader {
  const length = lengthReader(lengthBytes);
  const otherwise = decodedText(counted(lengthBytes), utf8, inexact);
  return {
    read: (reader) => {
      const before = reader.offset;
      const text = reader.text(length(reader));
      if (!text.includes(substitute)) return text;
      reader.offset = before;
      return otherwise.read(reader);
    },
    write: (reader, row) => {
      const before = reader.offset;
      const start = reader.pass(length(reader));
      if (row.utf8(reader.buffer, start, reader.offset)) return;
      reader.offset = before;
      otherwise.write(reader, row);
    },
  };
}

/** Text in any character set. @param bytes reads those of the value */
export function decodedText(
  bytes: (reader: ByteReader) => Buffer,
  decode: DecodeText,
  inexact: InexactText,
): ValueReader {
  return throughText((reader) => {
    const { text, isExact } = decode(bytes(reader));
    return isExact ? text : inexact(text);
  });
}

/** Reads a number of so many bytes, the lowest first. */
export function lengthReader(lengthBytes: number): (reader: ByteReader) => number {
  if (lengthBytes === 1) return (reader) => reader.uint8();
  if (lengthBytes === 2) return (reader) => reader.uint16();
  return (reader) => reader.uint(lengthBytes);
}

/** Bytes are written as PostgreSQL's hexadecimal input has them. */
export function hexText(bytes: Buffer): string {
  return `\\x${bytes.toString('hex')}`;
}

/** BINARY(n) is always of its full length; the zeros at its end are not sent. */
export function padded(read: (reader: ByteReader) => Buffer, length: number): (reader: ByteReader) => Buffer {
  return (reader) => {
    const bytes = read(reader);
    return bytes.length >= length ? bytes : Buffer.concat([bytes], length);
  };
}

/** A value of MariaDB's COMPRESSED columns. Source: its `sql/field_comp.cc`. */
export function uncompressedColumn(bytes: Buffer): Buffer {
  if (bytes.length === 0) return bytes;
  const header = bytes.readUInt8(0);
  const method = header >> 4;
  if (method === 0) return bytes.subarray(1);
  if (method !== 8) throw new RangeError(`a column is compressed by the unknown method ${method}`);
  const data = bytes.subarray(1 + (header & 7));
  return (header & 8) === 0 ? inflateSync(data) : inflateRawSync(data);
}

/** 0 stands for a value that was none of the labels, which prints as the empty string. */
export function enumReader(bytes: number, labels: readonly string[]): ReadValue {
  return (reader) => {
    const index = reader.uint(bytes);
    return index === 0 ? '' : labelAt(labels, index - 1);
  };
}

export function setReader(bytes: number, labels: readonly string[]): ReadValue {
  return (reader) => {
    const members: string[] = [];
    const start = reader.offset;
    reader.skip(bytes);
    for (let index = 0; index < 8 * bytes; index++) {
      const set = (reader.buffer.readUInt8(start + (index >> 3)) >> (index & 7)) & 1;
      if (set === 1) members.push(labelAt(labels, index));
    }
    return members.join(',');
  };
}

function labelAt(labels: readonly string[], index: number): string {
  const label = labels[index];
  if (label === undefined) throw new RangeError(`a value is number ${index + 1} of ${labels.length} labels`);
  return label;
}

/** Source: `record_to_memory` in MariaDB's `sql_type_uuid.h`: those with a time in them are stored last part first. */
export function uuidText(record: Buffer, alwaysSwapped: boolean): string {
  const swapped = alwaysSwapped || (record.readUInt8(6) & -record.readInt8(8) & 0x80) !== 0;
  const hex = record.toString('hex');
  return swapped
    ? [hex.slice(24), hex.slice(20, 24), hex.slice(16, 20), hex.slice(12, 16), hex.slice(0, 12)].join('-')
    : [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

export function inet4Text(bytes: Buffer): string {
  return bytes.join('.');
}

/** As MariaDB prints it: RFC 5952, with the last part in dots where the address is one of IPv4. */
export function inet6Text(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(2 * index));
  const zeros = groups.findIndex((group) => group !== 0);
  const last = inet4Text(bytes.subarray(12));
  if (zeros === 5 && groups[5] === 0xffff) return `::ffff:${last}`;
  if (zeros === 6 || (zeros === 7 && (groups[7] ?? 0) > 1)) return `::${last}`;
  return withoutLongestZeros(groups);
}

function withoutLongestZeros(groups: readonly number[]): string {
  let [longest, length] = [-1, 1];
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - start > length) [longest, length] = [start, end - start];
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (longest < 0) return text(groups);
  return `${text(groups.slice(0, longest))}::${text(groups.slice(longest + length))}`;
}
