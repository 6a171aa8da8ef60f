import { describe, expect, test } from 'vitest';
import type { LogicalType } from '../types.js';
import { loadable } from './loadable.js';

const integer: LogicalType = { kind: 'integer', bits: 64 };
const text: LogicalType = { kind: 'string' };
const json: LogicalType = { kind: 'json', document: 'normalized' };
const domain = (base: LogicalType): LogicalType => ({ kind: 'domain', schema: 's', name: 'd', base });
const arrayOf = (element: LogicalType): LogicalType => ({ kind: 'array', element });

test('every kind can be loaded into its own kind', () => {
  const types: LogicalType[] = [
    integer,
    text,
    json,
    { kind: 'uuid' },
    { kind: 'bytes' },
    { kind: 'boolean' },
  ];
  expect(types.filter((type) => !loadable(type, type))).toEqual([]);
});

test('widths are not judged: the target refuses the value that does not fit', () => {
  expect(loadable(integer, { kind: 'integer', bits: 16 })).toBe(true);
  expect(loadable(text, { kind: 'string', maxLength: 1 })).toBe(true);
});

describe('what takes the text of another kind', () => {
  test.each<[string, LogicalType, LogicalType]>([
    ['an integer goes into a decimal', integer, { kind: 'decimal' }],
    ['a float goes into a decimal', { kind: 'float', bits: 64 }, { kind: 'decimal' }],
    ['a date goes into a timestamp', { kind: 'date' }, { kind: 'timestamp', withZone: true }],
    ['a bit goes into a boolean', { kind: 'bit', varying: false }, { kind: 'boolean' }],
    ['an array goes into json', arrayOf(text), json],
    ['text goes into an enum', text, { kind: 'enum', schema: 's', name: 'e', labels: [] }],
    ['a flag goes into a boolean', { kind: 'integer', bits: 8, boolean: true }, { kind: 'boolean' }],
    ['a small integer goes into a boolean', { kind: 'integer', bits: 16 }, { kind: 'boolean' }],
    [
      'an unsigned bigint goes into a decimal',
      { kind: 'integer', bits: 64, unsigned: true },
      { kind: 'decimal' },
    ],
    [
      'a flag goes into an integer',
      { kind: 'integer', bits: 8, boolean: true },
      { kind: 'integer', bits: 16 },
    ],
    [
      'a timestamp goes into one with a zone',
      { kind: 'timestamp', withZone: false },
      { kind: 'timestamp', withZone: true },
    ],
    ['and out of it', { kind: 'timestamp', withZone: true }, { kind: 'timestamp', withZone: false }],
    ['text goes into a uuid', text, { kind: 'uuid' }],
    ['a uuid goes into text', { kind: 'uuid' }, text],
    ['text goes into bits', text, { kind: 'bit', varying: true }],
    ['bits go into text', { kind: 'bit', varying: true }, text],
    ['json goes into text', json, text],
    ['text goes into json', text, json],
    ['an address goes into text', { kind: 'inet' }, text],
    ['text goes into an address', text, { kind: 'inet' }],
    ['a time goes into an interval', { kind: 'time', withZone: false }, { kind: 'interval' }],
    ['an enum goes into text', { kind: 'enum', schema: 's', name: 'e', labels: [] }, text],
    ['a type of its own goes into text', { kind: 'native', name: 'money' }, text],
  ])('%s', (_sentence, source, target) => {
    expect(loadable(source, target)).toBe(true);
  });

  test.each<[string, LogicalType, LogicalType]>([
    ['a decimal does not go into an integer', { kind: 'decimal' }, integer],
    ['text does not go into an integer', text, integer],
    ['text does not go into bytes', text, { kind: 'bytes' }],
    ['bytes do not go into text', { kind: 'bytes' }, text],
    ['json does not go into an array', json, arrayOf(text)],
    ['a large integer does not go into a boolean', integer, { kind: 'boolean' }],
    ['a time of a zone does not go into an interval', { kind: 'time', withZone: true }, { kind: 'interval' }],
    ['bytes do not go into a uuid', { kind: 'bytes' }, { kind: 'uuid' }],
    ['a boolean does not go into an integer', { kind: 'boolean' }, integer],
  ])('%s', (_sentence, source, target) => {
    expect(loadable(source, target)).toBe(false);
  });
});

test('a domain counts as what it is made of, on either side', () => {
  expect(loadable(domain(domain(integer)), text)).toBe(true);
  expect(loadable(integer, domain({ kind: 'bytes' }))).toBe(false);
});

test('arrays are judged by their elements', () => {
  expect(loadable(arrayOf(integer), arrayOf({ kind: 'decimal' }))).toBe(true);
  expect(loadable(arrayOf({ kind: 'decimal' }), arrayOf(integer))).toBe(false);
});

describe('composite types', () => {
  const pair = (...names: string[]): LogicalType => ({
    kind: 'composite',
    schema: 's',
    name: 'pair',
    fields: names.map((name) => ({ name, type: name === 'n' ? integer : text })),
  });

  test.each<[string, LogicalType, LogicalType, boolean]>([
    ['the same attributes', pair('a', 'n'), pair('a', 'n'), true],
    ['names that differ in case', pair('a', 'n'), pair('A', 'n'), true],
    ['names that differ in case alone, in another order', pair('a', 'A'), pair('A', 'a'), false],
    ['another order of equal types', pair('a', 'b'), pair('b', 'a'), false],
    ['another name', pair('a', 'b'), pair('a', 'c'), false],
    ['an attribute more on the source', pair('a', 'b'), pair('a'), false],
    ['an attribute more on the target', pair('a'), pair('a', 'b'), false],
    ['another order inside of arrays', arrayOf(pair('a', 'b')), arrayOf(pair('b', 'a')), false],
    ['another order below domains', domain(pair('a', 'b')), arrayOf(domain(pair('b', 'a'))), false],
    ['text', pair('a', 'b'), text, true],
  ])('%s', (_what, source, target, expected) => {
    expect(loadable(source, target)).toBe(expected);
    const around = (type: LogicalType): LogicalType => ({
      kind: 'composite',
      schema: 's',
      name: 'outer',
      fields: [{ name: 'inner', type: domain(arrayOf(type)) }],
    });
    expect(loadable(around(source), around(target))).toBe(expected);
  });

  test('an attribute of another type', () => {
    const one = (type: LogicalType): LogicalType => ({
      kind: 'composite',
      schema: 's',
      name: 'one',
      fields: [{ name: 'a', type }],
    });
    expect(loadable(one(integer), one({ kind: 'decimal' }))).toBe(true);
    expect(loadable(one(text), one(integer))).toBe(false);
  });
});

test('types without a logical meaning must have the same name', () => {
  expect(loadable({ kind: 'native', name: 'point' }, { kind: 'native', name: 'point' })).toBe(true);
  expect(loadable({ kind: 'native', name: 'point' }, { kind: 'native', name: 'money' })).toBe(false);
});

test.each([
  ['geometry(point)', 'GEOMETRY(POINT)', true],
  ['geometry(point)', 'public.geometry(Point,4326)', true],
  ['geometry', 'GEOMETRY', true],
  ['vector(3)', 'public.vector(3)', true],
  ['geometry(point)', 'point', false],
  ['geometry', 'GEOGRAPHY', false],
  ['geometry', 'vector(3)', false],
])('%s and %s hold the same: %s', (source, target, expected) => {
  expect(loadable({ kind: 'native', name: source }, { kind: 'native', name: target })).toBe(expected);
});
