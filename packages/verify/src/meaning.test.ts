import type { LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { commonMeaning } from './meaning.js';
import { sameMeaning } from './same-meaning.js';

const string: LogicalType = { kind: 'string' };

test.each<[LogicalType, LogicalType, string, string]>([
  [{ kind: 'integer', bits: 16 }, { kind: 'boolean' }, '1', 'true'],
  [string, { kind: 'json', document: 'normalized' }, '{"a":1}', '{"a": 1.0}'],
  [{ kind: 'integer', bits: 64, unsigned: true }, { kind: 'decimal' }, '5', '5.00'],
  [{ kind: 'float', bits: 32 }, { kind: 'float', bits: 64 }, '0.1', '0.10000000149011612'],
  [{ kind: 'date' }, { kind: 'timestamp', withZone: false }, '2026-01-01', '2026-01-01 00:00:00'],
  [string, { kind: 'uuid' }, 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  [string, { kind: 'string', padded: true, maxLength: 4 }, 'ab  ', 'ab'],
  [{ kind: 'domain', schema: 's', name: 'd', base: { kind: 'decimal' } }, string, '1.50', '1.5'],
  [
    { kind: 'native', name: 'point' },
    string,
    '(0.10000000000000001,-1e+300)',
    '(0.1,-1.0000000000000001e+300)',
  ],
])('a value of %j may stand in %j', (source, target, left, right) => {
  expect(sameMeaning(left, right, commonMeaning(source, target))).toBe(true);
});

test('texts stay what they are', () => {
  expect(sameMeaning('1.50', '1.5', commonMeaning(string, string))).toBe(false);
});
