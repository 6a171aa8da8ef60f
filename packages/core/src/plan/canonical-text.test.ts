import { describe, expect, test } from 'vitest';
import type { LogicalType } from '../types.js';
import { sameCanonicalText, sortsAlike, textFraming } from './canonical-text.js';

const text: LogicalType = { kind: 'string' };
const composite = (...types: LogicalType[]): LogicalType => ({
  kind: 'composite',
  schema: 's',
  name: 'c',
  fields: types.map((type, index) => ({ name: `f${index}`, type })),
});
const timestamp = (precision?: number, withZone = false): LogicalType => ({
  kind: 'timestamp',
  withZone,
  ...(precision === undefined ? {} : { precision }),
});

describe('print the same text', () => {
  test.each<[string, LogicalType, LogicalType]>([
    ['integers of any width', { kind: 'integer', bits: 16 }, { kind: 'integer', bits: 64 }],
    ['strings of any length', { kind: 'string', maxLength: 5 }, text],
    ['a domain and its base', { kind: 'domain', schema: 's', name: 'd', base: text }, text],
    [
      'decimals of one scale',
      { kind: 'decimal', precision: 9, scale: 2 },
      { kind: 'decimal', precision: 12, scale: 2 },
    ],
    ['a timestamp and one that says its 6 digits', timestamp(), timestamp(6)],
    [
      'arrays of such types',
      { kind: 'array', element: text },
      { kind: 'array', element: { kind: 'string', maxLength: 9 } },
    ],
    ['composites field by field', composite(text, timestamp()), composite(text, timestamp(6))],
    [
      'enums whatever their name',
      { kind: 'enum', schema: 'a', name: 'x', labels: [] },
      { kind: 'enum', schema: 'b', name: 'y', labels: [] },
    ],
    ['bits of varying length', { kind: 'bit', varying: true, length: 3 }, { kind: 'bit', varying: true }],
  ])('%s', (_sentence, left, right) => {
    expect(sameCanonicalText(left, right)).toBe(true);
    expect(sameCanonicalText(right, left)).toBe(true);
  });
});

describe('print other text', () => {
  test.each<[string, LogicalType, LogicalType]>([
    ['types of two kinds', { kind: 'integer', bits: 64 }, { kind: 'decimal' }],
    [
      'decimals of two scales',
      { kind: 'decimal', precision: 9, scale: 2 },
      { kind: 'decimal', precision: 9, scale: 3 },
    ],
    [
      'a decimal with a scale and one that keeps what was written',
      { kind: 'decimal', precision: 9, scale: 0 },
      { kind: 'decimal' },
    ],
    ['floats of two widths', { kind: 'float', bits: 32 }, { kind: 'float', bits: 64 }],
    [
      'a padded string and another',
      { kind: 'string', padded: true, maxLength: 4 },
      { kind: 'string', maxLength: 4 },
    ],
    [
      'strings padded to two lengths',
      { kind: 'string', padded: true, maxLength: 4 },
      { kind: 'string', padded: true },
    ],
    ['timestamps of two precisions', timestamp(3), timestamp(6)],
    ['timestamps with and without zone', timestamp(6, true), timestamp(6)],
    ['times with and without zone', { kind: 'time', withZone: true }, { kind: 'time', withZone: false }],
    [
      'json as written and json normalized',
      { kind: 'json', document: 'text' },
      { kind: 'json', document: 'normalized' },
    ],
    ['bits of two lengths', { kind: 'bit', varying: false, length: 4 }, { kind: 'bit', varying: false }],
    ['native types of two names', { kind: 'native', name: 'money' }, { kind: 'native', name: 'point' }],
    ['an array and its element', { kind: 'array', element: text }, text],
    [
      'arrays of such types',
      { kind: 'array', element: timestamp(3) },
      { kind: 'array', element: timestamp(6) },
    ],
    ['composites of which one field differs', composite(text, timestamp(3)), composite(text, timestamp(6))],
    ['composites of two lengths', composite(text), composite(text, text)],
    ['a composite and another kind', composite(text), text],
  ])('%s', (_sentence, left, right) => {
    expect(sameCanonicalText(left, right)).toBe(false);
    expect(sameCanonicalText(right, left)).toBe(false);
  });
});

test.each<[string, LogicalType, boolean]>([
  ['whole numbers', { kind: 'integer', bits: 64 }, true],
  ['bytes', { kind: 'bytes' }, true],
  ['times of a day', { kind: 'time', withZone: false }, true],
  ['times of a zone', { kind: 'time', withZone: true }, false],
  ['texts', text, false],
  ['a domain over texts', { kind: 'domain', schema: 's', name: 'd', base: text }, false],
  ['a domain over dates', { kind: 'domain', schema: 's', name: 'd', base: { kind: 'date' } }, true],
  ['enums', { kind: 'enum', schema: 's', name: 'e', labels: ['b', 'a'] }, false],
])('whether %s sort alike on every engine', (_what, type, expected) => {
  expect(sortsAlike(type)).toBe(expected);
});

test.each<[LogicalType, string]>([
  [{ kind: 'decimal' }, 'ended'],
  [{ kind: 'domain', schema: 's', name: 'd', base: { kind: 'uuid' } }, 'ended'],
  [text, 'measured'],
  [{ kind: 'bytes' }, 'measured'],
  [{ kind: 'bit', varying: true }, 'measured'],
  [{ kind: 'array', element: { kind: 'integer', bits: 32 } }, 'measured'],
])('texts of %j are %s: others may be empty, or hold what ends them', (type, expected) => {
  expect(textFraming(type)).toBe(expected);
});
