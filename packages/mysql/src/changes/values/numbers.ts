import type { ByteReader } from '../byte-reader.js';
import { zeroPadded } from './zero-padded.js';
import type { ReadValue } from './read-value.js';

/** Integers of 1, 2, 3, 4 and 8 bytes. */
export function integerReader(bytes: number, unsigned: boolean): ReadValue {
  if (bytes === 8) return unsigned ? (reader) => String(reader.uint64()) : signed64;
  if (bytes === 4) return unsigned ? (reader) => String(reader.uint32()) : signed32;
  if (unsigned) return (reader) => String(reader.uint(bytes));
  const half = 2 ** (8 * bytes - 1);
  return (reader) => {
    const value = reader.uint(bytes);
    return String(value < half ? value : value - 2 * half);
  };
}

function signed32(reader: ByteReader): string {
  const value = reader.buffer.readInt32LE(reader.offset);
  reader.offset += 4;
  return String(value);
}

function signed64(reader: ByteReader): string {
  const { buffer, offset } = reader;
  reader.offset += 8;
  const high = buffer.readInt32LE(offset + 4);
  // Most are small, and bigints are slow.
  if (high >= 0 && high < 0x20_0000) return String(high * 0x1_0000_0000 + buffer.readUInt32LE(offset));
  return String(buffer.readBigInt64LE(offset));
}

const digitsOfWord = 9;
/** How many bytes so many digits take. */
const bytesOfDigits = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4] as const;

export interface DigitGroup {
  readonly bytes: number;
  readonly digits: number;
  /** How many values the bytes have. */
  readonly range: number;
}

function groupOf(digits: number): DigitGroup {
  const bytes = bytesOfDigits[digits] ?? 4;
  return { bytes, digits, range: 2 ** (8 * bytes) };
}

function groupsOf(digits: number): DigitGroup[] {
  const rest = digits % digitsOfWord;
  const words = Array.from({ length: (digits - rest) / digitsOfWord }, () => groupOf(digitsOfWord));
  return rest === 0 ? words : [groupOf(rest), ...words];
}

/** How the digits before and behind the point are stored. */
export function decimalGroups(
  precision: number,
  scale: number,
): { readonly whole: readonly DigitGroup[]; readonly fraction: readonly DigitGroup[] } {
  // The incomplete word stands at the outer end on both sides.
  return { whole: groupsOf(precision - scale), fraction: groupsOf(scale).toReversed() };
}

/** Source: the comment at `decimal2bin` in the servers' `decimal.c`. */
export function decimalReader(precision: number, scale: number): ReadValue {
  const { whole, fraction } = decimalGroups(precision, scale);
  return (reader) => {
    const negative = reader.buffer.readUInt8(reader.offset) < 0x80;
    let text = negative ? '-' : '';
    let [begun, signed] = [false, true];
    for (const group of whole) {
      const value = groupValue(reader, group, negative, signed);
      signed = false;
      if (begun) text += zeroPadded(value, group.digits);
      else if (value !== 0) text += String(value);
      begun ||= value !== 0;
    }
    if (!begun) text += '0';
    if (fraction.length > 0) text += '.';
    for (const group of fraction) {
      text += zeroPadded(groupValue(reader, group, negative, signed), group.digits);
      signed = false;
    }
    return text;
  };
}

/** Negative numbers have all their bits turned, and the first bit of all is the sign. */
export function groupValue(
  reader: ByteReader,
  group: DigitGroup,
  negative: boolean,
  signed: boolean,
): number {
  const { bytes, range } = group;
  const stored = reader.uintBigEndian(bytes);
  return (negative ? range - 1 - stored : stored) - (signed ? range / 2 : 0);
}

/** A DOUBLE column prints as many digits as it takes; one with a fixed number of decimals prints those. */
export function doubleReader(decimals: number | undefined): ReadValue {
  return (reader) => {
    const value = reader.buffer.readDoubleLE(reader.offset);
    reader.offset += 8;
    return decimals === undefined ? doubleText(value) : fixedText(value, decimals);
  };
}

/** FLOAT is exported as an expression of type DOUBLE (`export/field-text.ts`). */
export function floatReader(reader: ByteReader): string {
  const value = reader.buffer.readFloatLE(reader.offset);
  reader.offset += 4;
  return doubleText(value);
}

function fixedText(value: number, decimals: number): string {
  const text = value.toFixed(decimals);
  // Beyond 1e21 JavaScript has no fixed form.
  return text.includes('e') ? doubleText(value) : text;
}

/** Powers of ten between which the server prints no exponent (`MAX_DECPT_FOR_F_FORMAT` in `dtoa.cc`). */
const plainFrom = -14;
const plainTo = 15;

/** As the server prints it: the fewest digits that read back as the same number, with `e` where it has many zeros. */
export function doubleText(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e-6 && size < 1e15) return String(value);
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  const [mantissa = '', exponent = '0'] = value.toExponential().split('e');
  const sign = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace('-', '').replace('.', '');
  const point = Number(exponent) + 1;
  if (point > plainTo || point < plainFrom) return `${mantissa}e${Number(exponent)}`;
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`;
  return digits.length <= point
    ? sign + digits.padEnd(point, '0')
    : `${sign}${digits.slice(0, point)}.${digits.slice(point)}`;
}

/** BIT(n) in n binary digits. */
export function bitReader(bits: number): ReadValue {
  const bytes = (bits + 7) >> 3;
  return (reader) => {
    let text = '';
    for (let index = 0; index < bytes; index++) text += reader.uint8().toString(2).padStart(8, '0');
    return text.slice(8 * bytes - bits);
  };
}

/** YEAR counts from 1900; 0 is the year 0. */
export function yearReader(reader: ByteReader): string {
  const value = reader.uint8();
  return String(value === 0 ? 0 : 1900 + value);
}
