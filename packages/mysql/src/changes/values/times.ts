import type { ByteReader } from '../byte-reader.js';
import { zeroPadded } from './zero-padded.js';
import type { ReadValue } from './read-value.js';

/** A date and time taken apart, before anybody asks whether it exists. */
export interface DateParts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** `2024-02-30`, or with a time `2024-02-30 00:00:00.5`. */
  readonly text: string;
}

/** What becomes of a value that no target can hold: its substitute, or an error is thrown. */
export type Substitute = (text: string, nearest: () => string) => string | null;

const dateText = (year: number, month: number, day: number): string =>
  `${zeroPadded(year, 4)}-${zeroPadded(month, 2)}-${zeroPadded(day, 2)}`;
const timeText = (hour: number, minute: number, second: number): string =>
  `${zeroPadded(hour, 2)}:${zeroPadded(minute, 2)}:${zeroPadded(second, 2)}`;

const daysOfMonths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

function lastDay(year: number, month: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && leap ? 29 : (daysOfMonths[month - 1] ?? 0);
}

export const exists = ({ year, month, day }: Pick<DateParts, 'year' | 'month' | 'day'>): boolean =>
  year > 0 && month > 0 && day > 0 && day <= lastDay(year, month);

/** The same as `nearestDate` in `export/unrepresentable.ts`. */
function nearest({ year, month, day }: DateParts, start: string, end: string): string {
  if (year === 0) return `0001-01-01${start}`;
  if (month === 0) return `${dateText(year, 1, 1)}${start}`;
  if (day === 0) return `${dateText(year, month, 1)}${start}`;
  return `${dateText(year, month, lastDay(year, month))}${end}`;
}

export function dateReader(substitute: Substitute): ReadValue {
  return (reader) => {
    const packed = reader.uint(3);
    const [year, month, day] = [packed >> 9, (packed >> 5) & 15, packed & 31];
    const parts = { year, month, day, text: dateText(year, month, day) };
    return exists(parts) ? parts.text : substitute(parts.text, () => nearest(parts, '', ''));
  };
}

/** @param read how this server stores it */
export function datetimeReader(
  read: (reader: ByteReader) => DateParts,
  digits: number,
  substitute: Substitute,
): ReadValue {
  const end = ` 23:59:59${digits === 0 ? '' : `.${'9'.repeat(digits)}`}`;
  return (reader) => {
    const parts = read(reader);
    return exists(parts) ? parts.text : substitute(parts.text, () => nearest(parts, ' 00:00:00', end));
  };
}

/** Source: `my_datetime_packed_from_binary` in the servers' `my_time`. */
export function datetime2(digits: number): (reader: ByteReader) => DateParts {
  // Rows that follow each other often have the same date.
  let last = -1;
  let date = { year: 0, month: 0, day: 0, text: '' };
  return (reader) => {
    const packed = reader.uintBigEndian(5) - 0x80_0000_0000;
    const days = Math.floor(packed / 2 ** 17);
    if (days !== last) {
      const months = days >> 5;
      const [year, month, day] = [Math.floor(months / 13), months % 13, days & 31];
      date = { year, month, day, text: dateText(year, month, day) };
      last = days;
    }
    const rest = packed % 2 ** 17;
    const time = timeText(rest >> 12, (rest >> 6) & 63, rest & 63) + fraction(reader, digits);
    const { year, month, day, text } = date;
    return { year, month, day, text: `${text} ${time}` };
  };
}

/** The form before MySQL 5.6: a decimal number. */
export function oldDatetime(reader: ByteReader): DateParts {
  const packed = Number(reader.uint64());
  const [date, time] = [Math.floor(packed / 1_000_000), packed % 1_000_000];
  const [year, month, day] = [Math.floor(date / 10_000), Math.floor(date / 100) % 100, date % 100];
  return { year, month, day, text: `${dateText(year, month, day)} ${decimalTime(time)}` };
}

function decimalTime(time: number): string {
  return timeText(Math.floor(time / 10_000), Math.floor(time / 100) % 100, time % 100);
}

/** @param bigEndian the form since MySQL 5.6, which has fractions */
export function timestampReader(digits: number, bigEndian: boolean, substitute: Substitute): ReadValue {
  return (reader) => {
    const seconds = bigEndian ? reader.uintBigEndian(4) : reader.uint32();
    const after = fraction(reader, digits);
    // 0 stands for the zero date, which is before the first second that can be stored.
    if (seconds === 0) {
      return substitute(`0000-00-00 00:00:00${after}`, () => '0001-01-01 00:00:00+00');
    }
    const text = new Date(seconds * 1000).toISOString();
    return `${text.slice(0, 10)} ${text.slice(11, 19)}${after}+00`;
  };
}

const secondsOfDay = 86_400;

function limitedTime(
  text: string,
  beyond: 'before' | 'after' | undefined,
  substitute: Substitute,
): string | null {
  if (beyond === undefined) return text;
  return substitute(text, () => (beyond === 'before' ? '00:00:00' : '24:00:00'));
}

/** Source: `my_time_packed_from_binary`: an offset, so that negative times sort before others. */
export function time2Reader(digits: number, substitute: Substitute): ReadValue {
  const fractionBytes = (digits + 1) >> 1;
  const unit = 256 ** fractionBytes;
  return (reader) => {
    const stored = reader.uintBigEndian(3 + fractionBytes) - 0x80_0000 * unit;
    const packed = Math.abs(stored);
    const whole = Math.floor(packed / unit);
    const [hour, minute, second] = [(whole >> 12) & 0x3ff, (whole >> 6) & 63, whole & 63];
    const after = packed % unit;
    const text = `${stored < 0 ? '-' : ''}${timeText(hour, minute, second)}${fractionText(after, digits)}`;
    return limitedTime(text, beyondDay({ hour, minute, second, after, negative: stored < 0 }), substitute);
  };
}

interface TimeParts {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly after: number;
  readonly negative: boolean;
}

function beyondDay({ hour, minute, second, after, negative }: TimeParts): 'before' | 'after' | undefined {
  if (negative) return 'before';
  const seconds = hour * 3600 + minute * 60 + second;
  return seconds > secondsOfDay || (seconds === secondsOfDay && after > 0) ? 'after' : undefined;
}

/** The form before MySQL 5.6: a decimal number with a sign. */
export function oldTimeReader(substitute: Substitute): ReadValue {
  return (reader) => {
    const stored = (reader.uint(3) << 8) >> 8;
    const time = Math.abs(stored);
    const text = `${stored < 0 ? '-' : ''}${decimalTime(time)}`;
    if (stored < 0) return limitedTime(text, 'before', substitute);
    return limitedTime(text, time > 240_000 ? 'after' : undefined, substitute);
  };
}

function fraction(reader: ByteReader, digits: number): string {
  return digits === 0 ? '' : fractionText(reader.uintBigEndian((digits + 1) >> 1), digits);
}

/** Stored with an even number of digits. */
function fractionText(stored: number, digits: number): string {
  if (digits === 0) return '';
  return `.${zeroPadded(stored, digits + (digits & 1)).slice(0, digits)}`;
}

/** Without policy and with six digits: how a document holds them. */
export const documentTimes = { dateText, timeText };
