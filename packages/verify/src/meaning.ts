import { withoutDomain } from '@tsmolt/core';
import type { LogicalType } from '@tsmolt/core';
import { arrayElements } from './array-elements.js';

type Type = Exclude<LogicalType, { kind: 'domain' }>;

/** One form for all texts that engines print for one value of the type. What cannot be read as its type stays the text it is. */
export function meaningOf(text: string, declared: LogicalType): string {
  const type = withoutDomain(declared);
  switch (type.kind) {
    case 'float':
      return floatMeaning(text, type.bits);
    case 'integer':
      return type.boolean === true ? truth(text) : decimalMeaning(text);
    case 'decimal':
      return decimalMeaning(text);
    case 'boolean':
      return truth(text);
    case 'json':
      return jsonMeaning(text);
    case 'date':
    case 'time':
    case 'timestamp':
      return timeMeaning(text);
    case 'uuid':
      return text.toLowerCase();
    case 'string':
      return type.padded === true ? text.replace(/ +$/, '') : text;
    case 'inet':
      return withoutFullMask(text);
    case 'array':
      return arrayMeaning(text, type.element);
    case 'native':
      return shape.test(type.name) ? shapeMeaning(text) : text;
    default:
      return text;
  }
}

/** Kinds that decide, on whichever side they stand, in what sense two values are compared: the first of these. */
const deciding: readonly Type['kind'][] = ['json', 'boolean', 'float', 'decimal', 'date', 'timestamp', 'time', 'uuid', 'inet']; // prettier-ignore

/** The type in whose sense values of a source's column and of its counterpart are compared. */
export function commonMeaning(source: LogicalType, target: LogicalType): LogicalType {
  const types = [withoutDomain(source), withoutDomain(target)];
  for (const kind of deciding) {
    const found = types.find((type) => type.kind === kind);
    if (found !== undefined) return found;
  }
  return types.find((type) => type.kind === 'string' && type.padded === true) ?? source;
}

/** Shortest texts that are read as the same number are the same number. */
function floatMeaning(text: string, bits: 32 | 64): string {
  const special = /^([+-]?)inf(inity)?$/i.exec(text);
  if (special !== null) return special[1] === '-' ? '-Infinity' : 'Infinity';
  const value = bits === 32 ? Math.fround(Number(text)) : Number(text);
  if (Number.isNaN(value)) return text.toLowerCase();
  return value === 0 ? '0' : String(value);
}

/** Types that are written as lists of floats: PostgreSQL before version 12 prints all 17 digits of each, later ones the fewest. */
const shape = /^(point|line|lseg|box|path|polygon|circle)$/i;

function shapeMeaning(text: string): string {
  return text.replaceAll(/[-+]?(?:\d[\d.]*(?:e[-+]?\d+)?|inf(?:inity)?)/gi, (number) =>
    floatMeaning(number, 64),
  );
}

/** Of any length: JavaScript's numbers would round. */
function decimalMeaning(text: string): string {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  if (match === null) return text.toLowerCase();
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  if (digits === '') return '0';
  const exponent = BigInt(power) - BigInt(fraction.length) + BigInt(all.length - digits.length);
  return `${sign === '-' ? '-' : ''}${digits}e${exponent}`;
}

/** A number other than 0 and 1 is no truth value: it stays the number that it is. */
function truth(text: string): string {
  if (/^(t|true|1)$/i.test(text)) return 'true';
  return /^(f|false|0)$/i.test(text) ? 'false' : text;
}

function jsonMeaning(text: string): string {
  try {
    return sortedJson(exactJson(text));
  } catch {
    return text;
  }
}

/** Numbers become texts in one form: beyond 2^53 two different ones would be read as one. A letter tells them from texts. */
function exactJson(text: string): unknown {
  return JSON.parse(
    text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
      token.startsWith('"') ? `"s${token.slice(1)}` : `"n${decimalMeaning(token)}"`,
    ),
  );
}

function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([name, inner]) => `${JSON.stringify(name)}:${sortedJson(inner)}`,
  );
  return `{${members.toSorted().join(',')}}`;
}

/** A zone of UTC may be written in several ways or not at all, a fraction may end in zeros, midnight is a date's own time. */
function timeMeaning(text: string): string {
  return text
    .replace('T', ' ')
    .replace(/(?:Z|\+00(?::?00)?)( BC)?$/, '$1')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '')
    .replace(/^(\S+-\S+) 00:00:00$/, '$1');
}

/** An address of one host may carry the mask that says so. */
function withoutFullMask(address: string): string {
  return address.replace(address.includes(':') ? /\/128$/ : /\/32$/, '').toLowerCase();
}

function arrayMeaning(text: string, element: LogicalType): string {
  const elements = arrayElements(text);
  if (elements === undefined) return text;
  const inner = elements.map((one) => {
    if (one === null) return 'null';
    return JSON.stringify(one.nested ? arrayMeaning(one.text, element) : meaningOf(one.text, element));
  });
  return `[${inner.join(',')}]`;
}
