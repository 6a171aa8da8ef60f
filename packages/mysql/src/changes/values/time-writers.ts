import type { RowEncoder } from '@tsmolt/core';
import type { ByteReader } from '../byte-reader.js';
import { throughAscii } from './read-value.js';
import type { ReadValue, WriteValue } from './read-value.js';
import { exists } from './times.js';

const hyphen = 0x2d;
const colon = 0x3a;
const point = 0x2e;
const space = 0x20;
const plus = 0x2b;

/** More than any date and time with a fraction and an offset. */
const mostOfTime = 64;

/** Writes a value if it is one that a target can hold, else says no. */
type TryToWrite = (reader: ByteReader, row: RowEncoder) => boolean;

/** Values that no target can hold, and those that are none, are read once more by the reader, which knows what becomes of them. */
function orElse(read: ReadValue, tryToWrite: TryToWrite): WriteValue {
  const { write } = throughAscii(read);
  return (reader, row) => {
    const start = reader.offset;
    if (tryToWrite(reader, row)) return;
    reader.offset = start;
    write(reader, row);
  };
}

/** As `dateReader`, which is `read`. */
export function dateWriter(read: ReadValue): WriteValue {
  return orElse(read, (reader, row) => {
    const packed = reader.uint(3);
    const [year, month, day] = [packed >> 9, (packed >> 5) & 15, packed & 31];
    if (!exists({ year, month, day })) return false;
    row.begin(mostOfTime);
    writeDate(row, year, month, day);
    row.finish();
    return true;
  });
}

/** As `datetimeReader` of `datetime2`, which is `read`. */
export function datetime2Writer(digits: number, read: ReadValue): WriteValue {
  // Rows that follow each other often have the same date.
  let last = -1;
  let [year, month, day, there] = [0, 0, 0, false];
  return orElse(read, (reader, row) => {
    const packed = reader.uintBigEndian(5) - 0x80_0000_0000;
    const days = Math.floor(packed / 2 ** 17);
    if (days !== last) {
      const months = days >> 5;
      [year, month, day] = [Math.floor(months / 13), months % 13, days & 31];
      there = exists({ year, month, day });
      last = days;
    }
    if (!there) return false;
    const rest = packed - days * 2 ** 17;
    row.begin(mostOfTime);
    writeDate(row, year, month, day);
    row.byte(space);
    writeTime(row, rest >> 12, (rest >> 6) & 63, rest & 63);
    if (!writeStoredFraction(reader, row, digits)) return false;
    row.finish();
    return true;
  });
}

const secondsOfDay = 86_400;

/** As `timestampReader` of the form since MySQL 5.6, which is `read`. */
export function timestampWriter(digits: number, read: ReadValue): WriteValue {
  let last = -1;
  let [year, month, day] = [0, 0, 0];
  return orElse(read, (reader, row) => {
    const stored = reader.uintBigEndian(4);
    if (stored === 0) return false;
    const days = Math.floor(stored / secondsOfDay);
    if (days !== last) {
      const date = new Date(days * secondsOfDay * 1000);
      [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()];
      last = days;
    }
    const second = stored - days * secondsOfDay;
    row.begin(mostOfTime);
    writeDate(row, year, month, day);
    row.byte(space);
    writeTime(row, Math.floor(second / 3600), Math.floor(second / 60) % 60, second % 60);
    if (!writeStoredFraction(reader, row, digits)) return false;
    row.byte(plus);
    row.digits(0, 2);
    row.finish();
    return true;
  });
}

/** As `time2Reader`, which is `read`. */
export function time2Writer(digits: number, read: ReadValue): WriteValue {
  const fractionBytes = (digits + 1) >> 1;
  const unit = 256 ** fractionBytes;
  return orElse(read, (reader, row) => {
    const packed = reader.uintBigEndian(3 + fractionBytes) - 0x80_0000 * unit;
    const whole = Math.floor(packed / unit);
    const [hour, minute, second] = [whole >> 12, (whole >> 6) & 63, whole & 63];
    // What is not within a day is left to the reader, also its very end, which may be written.
    if (packed < 0 || hour * 3600 + minute * 60 + second >= secondsOfDay) return false;
    row.begin(mostOfTime);
    writeTime(row, hour, minute, second);
    if (!writeFraction(row, packed - whole * unit, digits)) return false;
    row.finish();
    return true;
  });
}

function writeDate(row: RowEncoder, year: number, month: number, day: number): void {
  row.digits(year, 4);
  row.byte(hyphen);
  row.digits(month, 2);
  row.byte(hyphen);
  row.digits(day, 2);
}

function writeTime(row: RowEncoder, hour: number, minute: number, second: number): void {
  row.digits(hour, 2);
  row.byte(colon);
  row.digits(minute, 2);
  row.byte(colon);
  row.digits(second, 2);
}

function writeStoredFraction(reader: ByteReader, row: RowEncoder, digits: number): boolean {
  return digits === 0 || writeFraction(row, reader.uintBigEndian((digits + 1) >> 1), digits);
}

/** Stored with an even number of digits. */
function writeFraction(row: RowEncoder, stored: number, digits: number): boolean {
  if (digits === 0) return true;
  if (stored >= 10 ** (digits + (digits & 1))) return false;
  row.byte(point);
  row.digits(digits & 1 ? Math.floor(stored / 10) : stored, digits);
  return true;
}
