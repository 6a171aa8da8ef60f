import type { RowEncoder } from '@tsmolt/core';
import type { ByteReader } from '../byte-reader.js';
import { decimalGroups, groupValue } from './numbers.js';
import type { WriteValue } from './read-value.js';

const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;

/** As `integerReader`. */
export function integerWriter(bytes: number, unsigned: boolean): WriteValue {
  if (bytes === 8) return unsigned ? writeUnsigned64 : writeSigned64;
  if (unsigned) return (reader, row) => row.integer(reader.uint(bytes));
  return (reader, row) => row.integer(reader.int(bytes));
}

/** Integers whose high half is below this are exact as numbers, and bigints are slow. */
const safeHigh = 0x20_0000;

function writeSigned64(reader: ByteReader, row: RowEncoder): void {
  const { buffer, offset } = reader;
  reader.offset += 8;
  const high = buffer.readInt32LE(offset + 4);
  if (high >= -safeHigh && high < safeHigh) row.integer(high * 2 ** 32 + buffer.readUInt32LE(offset));
  else row.ascii(String(buffer.readBigInt64LE(offset)));
}

function writeUnsigned64(reader: ByteReader, row: RowEncoder): void {
  const { buffer, offset } = reader;
  reader.offset += 8;
  const high = buffer.readUInt32LE(offset + 4);
  if (high < safeHigh) row.integer(high * 2 ** 32 + buffer.readUInt32LE(offset));
  else row.ascii(String(buffer.readBigUInt64LE(offset)));
}

/** A sign, a zero and a point beside the digits, of which the servers have at most 65; a word that is none has one more. */
const mostOfDecimal = 96;

/** As `decimalReader`. */
export function decimalWriter(precision: number, scale: number): WriteValue {
  const { whole, fraction } = decimalGroups(precision, scale);
  return (reader, row) => {
    const negative = reader.buffer.readUInt8(reader.offset) < 0x80;
    row.begin(mostOfDecimal);
    if (negative) row.byte(minus);
    let [begun, signed] = [false, true];
    for (const group of whole) {
      const value = groupValue(reader, group, negative, signed);
      signed = false;
      if (begun) row.digits(value, group.digits);
      else if (value !== 0) row.digits(value, 1);
      begun ||= value !== 0;
    }
    if (!begun) row.byte(zero);
    if (fraction.length > 0) row.byte(point);
    for (const group of fraction) {
      row.digits(groupValue(reader, group, negative, signed), group.digits);
      signed = false;
    }
    row.finish();
  };
}

/** As `bitReader`. */
export function bitWriter(bits: number): WriteValue {
  const bytes = (bits + 7) >> 3;
  return (reader, row) => {
    row.begin(8 * bytes);
    let left = 8 * bytes;
    for (let index = 0; index < bytes; index++) {
      const byte = reader.uint8();
      for (let bit = 7; bit >= 0; bit--, left--) if (left <= bits) row.byte(zero + ((byte >> bit) & 1));
    }
    row.finish();
  };
}
