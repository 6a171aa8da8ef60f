import { typeCodes } from '../binlog-codes.js';
import { ByteReader } from '../byte-reader.js';
import { decimalReader, doubleText } from './numbers.js';
import { utf8 } from './exact-text.js';
import type { DecodedText } from './exact-text.js';
import { zeroPadded } from './zero-padded.js';
import { documentTimes } from './times.js';

/** Types of values in a binary document. Source: MySQL's `json_binary.h`. */
const kinds = {
  smallObject: 0,
  largeObject: 1,
  smallArray: 2,
  largeArray: 3,
  literal: 4,
  int16: 5,
  uint16: 6,
  int32: 7,
  uint32: 8,
  int64: 9,
  uint64: 10,
  double: 11,
  string: 12,
  opaque: 15,
} as const;

/** The text that MySQL prints for a document in its binary form. */
export function documentText(data: Buffer): DecodedText {
  // The server stores an empty document where it had none to store, and prints it as null.
  if (data.length === 0) return { text: 'null', isExact: true };
  const document: Document = { data, isExact: true };
  const text = valueText(document, data.readUInt8(0), 1);
  return { text, isExact: document.isExact };
}

interface Document {
  readonly data: Buffer;
  /** Whether all strings so far were UTF-8. */
  isExact: boolean;
}

function stringAt(document: Document, start: number, length: number): string {
  const { text, isExact } = utf8(document.data.subarray(start, start + length));
  if (!isExact) document.isExact = false;
  return JSON.stringify(text);
}

/** @param at where the value lies, behind its type */
function valueText(document: Document, kind: number, at: number): string {
  const { data } = document;
  switch (kind) {
    case kinds.smallObject:
      return objectText(new Container(document, at, 2));
    case kinds.largeObject:
      return objectText(new Container(document, at, 4));
    case kinds.smallArray:
      return arrayText(new Container(document, at, 2));
    case kinds.largeArray:
      return arrayText(new Container(document, at, 4));
    case kinds.int64:
      return String(data.readBigInt64LE(at));
    case kinds.uint64:
      return String(data.readBigUInt64LE(at));
    case kinds.double:
      return numberText(data.readDoubleLE(at));
    case kinds.string: {
      const { length, start } = lengthAt(data, at);
      return stringAt(document, start, length);
    }
    case kinds.opaque: {
      const { length, start } = lengthAt(data, at + 1);
      return opaqueText(data.readUInt8(at), data.subarray(start, start + length));
    }
    default:
      return shortText(data, kind, at);
  }
}

/** Values that fit where others have their offset. */
function shortText(data: Buffer, kind: number, at: number): string {
  switch (kind) {
    case kinds.literal:
      return ['null', 'true', 'false'][data.readUInt8(at)] ?? 'null';
    case kinds.int16:
      return String(data.readInt16LE(at));
    case kinds.uint16:
      return String(data.readUInt16LE(at));
    case kinds.int32:
      return String(data.readInt32LE(at));
    case kinds.uint32:
      return String(data.readUInt32LE(at));
    default:
      throw new RangeError(`a JSON document has a value of the unknown type ${kind}`);
  }
}

/** An object or an array. Offsets count from its start, and have two bytes or four. */
class Container {
  readonly count: number;
  readonly #document: Document;
  readonly #data: Buffer;
  readonly #start: number;
  readonly #width: 2 | 4;

  constructor(document: Document, start: number, width: 2 | 4) {
    this.#document = document;
    this.#data = document.data;
    this.#start = start;
    this.#width = width;
    this.count = this.#number(start);
  }

  /** In quotes. */
  key(index: number): string {
    const entry = this.#entries + index * (this.#width + 2);
    const start = this.#start + this.#number(entry);
    return stringAt(this.#document, start, this.#data.readUInt16LE(entry + this.#width));
  }

  /** @param keys whether there are keys before the values */
  value(index: number, keys: boolean): string {
    const values = this.#entries + (keys ? this.count * (this.#width + 2) : 0);
    const entry = values + index * (this.#width + 1);
    const kind = this.#data.readUInt8(entry);
    const inline = isShort(kind) || (this.#width === 4 && (kind === kinds.int32 || kind === kinds.uint32));
    return valueText(this.#document, kind, inline ? entry + 1 : this.#start + this.#number(entry + 1));
  }

  get #entries(): number {
    return this.#start + 2 * this.#width;
  }

  #number(at: number): number {
    return this.#width === 2 ? this.#data.readUInt16LE(at) : this.#data.readUInt32LE(at);
  }
}

function isShort(kind: number): boolean {
  return kind === kinds.literal || kind === kinds.int16 || kind === kinds.uint16;
}

function objectText(container: Container): string {
  const members: string[] = [];
  for (let index = 0; index < container.count; index++) {
    members.push(`${container.key(index)}: ${container.value(index, true)}`);
  }
  return `{${members.join(', ')}}`;
}

function arrayText(container: Container): string {
  const elements: string[] = [];
  for (let index = 0; index < container.count; index++) elements.push(container.value(index, false));
  return `[${elements.join(', ')}]`;
}

/** A double stays one when it is read again. */
function numberText(value: number): string {
  const text = doubleText(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** Seven bits a byte, the lowest first. */
function lengthAt(data: Buffer, at: number): { readonly length: number; readonly start: number } {
  let length = 0;
  for (let index = 0; ; index++) {
    const byte = data.readUInt8(at + index);
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { length, start: at + index + 1 };
  }
}

/** The server breaks long lines, also here. */
const lineOfBase64 = /.{76}(?=.)/g;

/** Values of SQL types that JSON does not have. */
function opaqueText(type: number, data: Buffer): string {
  switch (type) {
    case typeCodes.decimal:
      return decimalReader(data.readUInt8(0), data.readUInt8(1))(new ByteReader(data, 2)) ?? 'null';
    case typeCodes.date:
      return JSON.stringify(packedDate(data).date);
    case typeCodes.datetime:
    case typeCodes.timestamp: {
      const { date, time } = packedDate(data);
      return JSON.stringify(`${date} ${time}`);
    }
    case typeCodes.time:
      return JSON.stringify(packedTime(data));
    default:
      return JSON.stringify(`base64:type${type}:${data.toString('base64').replaceAll(lineOfBase64, '$&\n')}`);
  }
}

const { dateText, timeText } = documentTimes;
const fractionBits = 24n;
const fractionMask = (1n << fractionBits) - 1n;

/** Source: `TIME_from_longlong_datetime_packed` in MySQL's `my_time.cc`. */
function packedDate(data: Buffer): { readonly date: string; readonly time: string } {
  const packed = data.readBigInt64LE(0);
  const whole = packed >> fractionBits;
  const days = Number(whole >> 17n);
  const months = days >> 5;
  return {
    date: dateText(Math.floor(months / 13), months % 13, days & 31),
    time: clock(Number(whole & 0x1ffffn), Number(packed & fractionMask)),
  };
}

function packedTime(data: Buffer): string {
  const packed = data.readBigInt64LE(0);
  const size = packed < 0n ? -packed : packed;
  return (packed < 0n ? '-' : '') + clock(Number(size >> fractionBits), Number(size & fractionMask));
}

function clock(seconds: number, microseconds: number): string {
  return `${timeText((seconds >> 12) & 0x3ff, (seconds >> 6) & 63, seconds & 63)}.${zeroPadded(microseconds, 6)}`;
}
