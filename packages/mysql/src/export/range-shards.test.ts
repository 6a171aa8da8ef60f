import { expect, test } from 'vitest';
import { cutByRange, lineOf } from './range-shards.js';
import type { Line } from './range-shards.js';

function conditions(line: Line, min: string, max: string, count: number): string[] | undefined {
  return cutByRange({ column: 'id', line, min, max }, count)?.map(({ condition }) => condition);
}

test('whole numbers are cut evenly, to the ends of 64 bits without a sign', () => {
  expect(conditions('whole numbers', '-10', '10', 2)).toEqual(['`id` < 0', '`id` >= 0']);
  expect(conditions('whole numbers', '0', '18446744073709551615', 2)).toEqual([
    '`id` < 9223372036854775807',
    '`id` >= 9223372036854775807',
  ]);
  expect(conditions('whole numbers', '7', '9', 5)).toEqual(['`id` < 8', '`id` >= 8']);
  expect(conditions('whole numbers', '7', '7', 5)).toEqual(['true']);
});

test('decimals keep all of their digits', () => {
  expect(conditions('decimals', '-0.5', '1.25', 2)).toEqual(['`id` < 0.37', '`id` >= 0.37']);
  expect(conditions('decimals', '-0.50', '-0.10', 2)).toEqual(['`id` < -0.30', '`id` >= -0.30']);
  const nines = '9'.repeat(65);
  expect(conditions('decimals', '0', nines, 2)?.[0]).toBe(`\`id\` < 4${'9'.repeat(64)}`);
});

test('floats are cut though they are as far apart as floats can be', () => {
  expect(conditions('floats', '-1.7e308', '1.7e308', 2)).toEqual(['`id` < 0e0', '`id` >= 0e0']);
  expect(conditions('floats', '0.5', '1', 2)).toEqual(['`id` < 0.75e0', '`id` >= 0.75e0']);
});

test('UUIDs are cut as bytes and as text', () => {
  const [low, high] = ['0'.repeat(32), 'f'.repeat(32)];
  expect(conditions('uuid bytes', low, high, 2)).toEqual([
    `\`id\` < X'7${'f'.repeat(31)}'`,
    `\`id\` >= X'7${'f'.repeat(31)}'`,
  ]);
  expect(
    conditions(
      'uuid text',
      '00000000-0000-0000-0000-000000000000',
      'FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF',
      2,
    )?.[0],
  ).toBe("`id` < '7fffffff-ffff-ffff-ffff-ffffffffffff'");
  expect(conditions('uuid text', 'no uuid', 'x', 2)).toBeUndefined();
});

test('text is cut evenly only where letters sort by the alphabet', () => {
  const column = { name: 'id', type: { kind: 'string' }, nativeType: 'char(36)', nullable: false, generated: false, identity: 'never', hasDefault: false } as const; // prettier-ignore
  expect(lineOf(column, 'utf8mb4_0900_ai_ci')).toBe('uuid text');
  expect(lineOf(column, 'ascii_general_ci')).toBe('uuid text');
  // Two letters "a" are one letter behind "z" there.
  expect(lineOf(column, 'utf8mb4_danish_ci')).toBeUndefined();
  expect(lineOf({ ...column, nativeType: 'char(35)' }, 'utf8mb4_bin')).toBeUndefined();
  expect(lineOf({ ...column, nativeType: 'binary(16)' }, undefined)).toBe('uuid bytes');
  expect(lineOf({ ...column, nativeType: 'year' }, undefined)).toBeUndefined();
});
