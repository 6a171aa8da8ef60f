import type { LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { sameMeaning } from './same-meaning.js';

const float: LogicalType = { kind: 'float', bits: 64 };
const decimal: LogicalType = { kind: 'decimal' };
const json: LogicalType = { kind: 'json', document: 'normalized' };
const timestamp: LogicalType = { kind: 'timestamp', withZone: true };

test.each<[string, string, LogicalType]>([
  ['1e+06', '1000000', float],
  ['-0', '0', float],
  ['NaN', 'NaN', float],
  ['Infinity', '+Inf', float],
  ['0.1', '0.10000000149011612', { kind: 'float', bits: 32 }],
  ['1.50', '1.5', decimal],
  ['1E-7', '0.0000001', decimal],
  ['-0.00', '0', decimal],
  ['123456789012345678901234567890.10', '123456789012345678901234567890.1', decimal],
  ['{"b": [1, null], "a": 1.50}', '{"a":1.5,"b":[1.0,null]}', json],
  ['"a 1.0 b"', '"a 1.0 b"', json],
  ['2026-01-01 10:00:00.100000+00:00', '2026-01-01 10:00:00.1', timestamp],
  ['t', 'true', { kind: 'boolean' }],
  ['1', 'true', { kind: 'integer', bits: 8, boolean: true }],
  ['10.0.0.1/32', '10.0.0.1', { kind: 'inet' }],
  ['4713-11-24 00:00:00+00 BC', '4713-11-24 00:00:00 BC+00', timestamp],
  ['2026-01-01', '2026-01-01 00:00:00', { kind: 'date' }],
  ['{1.50,NULL,{-0,1e1}}', '{1.5,NULL,{0,10}}', { kind: 'array', element: decimal }],
  ['{"2026-01-01 00:00:00+00"}', '{"2026-01-01 00:00:00+00:00"}', { kind: 'array', element: timestamp }],
  ['{"a\\"b",c}', '{"a\\"b","c"}', { kind: 'array', element: { kind: 'string' } }],
  ['{}', '{}', { kind: 'array', element: float }],
  ['ab  ', 'ab', { kind: 'string', maxLength: 4, padded: true }],
])('%s and %s mean the same', (left, right, type) => {
  expect(sameMeaning(left, right, type)).toBe(true);
});

test.each<[string | null, string | null, LogicalType]>([
  [null, '', { kind: 'string' }],
  ['', null, { kind: 'string' }],
  ['a ', 'a', { kind: 'string' }],
  ['0.1', '0.10000000000000002', float],
  ['9007199254740993', '9007199254740992', decimal],
  ['{"a": 9007199254740993}', '{"a": 9007199254740992}', json],
  ['{"a": "1.0"}', '{"a": "1.00"}', json],
  ['[1, 2]', '[2, 1]', json],
  ['2026-01-01 10:00:00', '2026-01-01 10:00:00.000001', timestamp],
  ['t', 'f', { kind: 'boolean' }],
  ['1', '-1', decimal],
  ['1', '10', decimal],
  ['{"n": 1}', '{"n": "1e0"}', json],
  ['[1]', '["1"]', json],
  ['unreadable', 'other', float],
  ['{NULL}', '{"NULL"}', { kind: 'array', element: { kind: 'string' } }],
  ['{"a,b"}', '{a,b}', { kind: 'array', element: { kind: 'string' } }],
  ['{1,2}', '{2,1}', { kind: 'array', element: decimal }],
  ['1', 'true', { kind: 'integer', bits: 8 }],
  ['2', 'true', { kind: 'integer', bits: 8, boolean: true }],
])('%s and %s do not', (left, right, type) => {
  expect(sameMeaning(left, right, type)).toBe(false);
});

test('two NULLs are the same', () => {
  expect(sameMeaning(null, null, float)).toBe(true);
});
