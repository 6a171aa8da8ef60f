import { isDeepStrictEqual } from 'node:util';
import { withoutDomain } from '@tsmolt/core';
import type { LogicalType } from '@tsmolt/core';

/**
 * Whether two texts of values mean the same, where the engines print one value in different ways.
 *
 * What cannot be read as its type is compared as the text it is.
 */
export function sameMeaning(left: string | null, right: string | null, declared: LogicalType): boolean {
  if (left === null || right === null || left === right) return left === right;
  const type = withoutDomain(declared);
  switch (type.kind) {
    case 'float':
      return sameFloat(left, right, type.bits);
    case 'integer':
      return sameDecimal(left, right) || (type.boolean === true && sameTruth(left, right));
    case 'decimal':
      return sameDecimal(left, right);
    case 'boolean':
      return sameTruth(left, right);
    case 'json':
      return sameJson(left, right);
    case 'time':
    case 'timestamp':
      return sameTime(left, right);
    case 'uuid':
      return left.toLowerCase() === right.toLowerCase();
    case 'string':
      return type.padded === true && left.trimEnd() === right.trimEnd();
    case 'inet':
      return withoutFullMask(left) === withoutFullMask(right);
    default:
      return false;
  }
}

/** Shortest texts that are read as the same number are the same number. */
function sameFloat(left: string, right: string, bits: 32 | 64): boolean {
  const value = (text: string): number => (bits === 32 ? Math.fround(number(text)) : number(text));
  return Object.is(value(left), value(right)) || value(left) === value(right);
}

function number(text: string): number {
  const special = /^([+-]?)inf(inity)?$/i.exec(text.trim());
  if (special !== null) return special[1] === '-' ? -Infinity : Infinity;
  return Number(text);
}

interface Decimal {
  readonly negative: boolean;
  /** Without zeros at either end; empty for zero. */
  readonly digits: string;
  /** Power of ten of the last digit. */
  readonly exponent: bigint;
}

/** Of any length: JavaScript's numbers would round. */
function sameDecimal(left: string, right: string): boolean {
  const [a, b] = [parseDecimal(left), parseDecimal(right)];
  if (a === undefined || b === undefined) return left.toLowerCase() === right.toLowerCase();
  if (a.digits === '' || b.digits === '') return a.digits === b.digits;
  return a.negative === b.negative && a.digits === b.digits && a.exponent === b.exponent;
}

function parseDecimal(text: string): Decimal | undefined {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text.trim());
  if (match === null) return undefined;
  const [, sign = '', whole = '', fraction = '', power = '0'] = match;
  const all = `${whole}${fraction}`.replace(/^0+/, '');
  const digits = all.replace(/0+$/, '');
  const exponent = BigInt(power) - BigInt(fraction.length) + BigInt(all.length - digits.length);
  return { negative: sign === '-', digits, exponent };
}

function sameTruth(left: string, right: string): boolean {
  return truth(left) !== undefined && truth(left) === truth(right);
}

function truth(text: string): boolean | undefined {
  if (/^(t|true|1)$/i.test(text)) return true;
  return /^(f|false|0)$/i.test(text) ? false : undefined;
}

/** Numbers keep their text: beyond 2^53 two different ones would be read as one. */
function sameJson(left: string, right: string): boolean {
  try {
    return isDeepStrictEqual(parseJson(left), parseJson(right));
  } catch {
    return false;
  }
}

function parseJson(text: string): unknown {
  const exact = text.replaceAll(/"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g, (token) =>
    token.startsWith('"') ? token : JSON.stringify({ number: canonicalDecimal(token) }),
  );
  return JSON.parse(exact);
}

function canonicalDecimal(text: string): string {
  const { negative, digits, exponent } = parseDecimal(text) ?? {
    negative: false,
    digits: text,
    exponent: 0n,
  };
  return digits === '' ? '0' : `${negative ? '-' : ''}${digits}e${exponent}`;
}

/** A zone of UTC may be written in several ways or not at all, a fraction may end in zeros. */
function sameTime(left: string, right: string): boolean {
  return plainTime(left) === plainTime(right);
}

function plainTime(text: string): string {
  return text
    .replace('T', ' ')
    .replace(/(Z|\+00(:?00)?)$/, '')
    .replace(/(\.\d*?)0+$/, '$1')
    .replace(/\.$/, '');
}

/** An address of one host may carry the mask that says so. */
function withoutFullMask(address: string): string {
  return address.replace(address.includes(':') ? /\/128$/ : /\/32$/, '').toLowerCase();
}
