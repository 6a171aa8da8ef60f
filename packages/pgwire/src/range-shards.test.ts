import { expect, test } from 'vitest';
import { cutByRange } from './range-shards.js';

const conditions = (
  type: Parameters<typeof cutByRange>[0]['type'],
  min: string,
  max: string,
  count: number,
): string[] => cutByRange({ column: 'id', type, min, max }, count).map((range) => range.condition);

test('integers are cut evenly and both ends stay open', () => {
  expect(conditions({ kind: 'integer', bits: 64 }, '1', '100', 3)).toEqual([
    '"id" < 34',
    '"id" >= 34 AND "id" < 67',
    '"id" >= 67',
  ]);
});

test('the widest range of integers does not lose precision', () => {
  expect(conditions({ kind: 'integer', bits: 64 }, '-9223372036854775808', '9223372036854775807', 2)).toEqual(
    ['"id" < -1', '"id" >= -1'],
  );
});

test('more ranges than values make as many ranges as there are values', () => {
  expect(conditions({ kind: 'integer', bits: 32 }, '1', '3', 10)).toEqual(['"id" < 2', '"id" >= 2']);
  expect(conditions({ kind: 'integer', bits: 32 }, '5', '5', 4)).toEqual(['true']);
});

test('uuids are cut by their 128 bits', () => {
  expect(
    conditions(
      { kind: 'uuid' },
      '00000000-0000-0000-0000-000000000000',
      'ffffffff-ffff-ffff-ffff-ffffffffffff',
      2,
    ),
  ).toEqual([
    `"id" < '7fffffffffffffffffffffffffffffff'::uuid`,
    `"id" >= '7fffffffffffffffffffffffffffffff'::uuid`,
  ]);
});

test('floats with an infinite or undefined bound are one range', () => {
  expect(conditions({ kind: 'float', bits: 64 }, '1.5', 'NaN', 4)).toEqual(['true']);
  expect(conditions({ kind: 'float', bits: 64 }, '0', '10', 2)).toEqual([
    `"id" < '5'::float8`,
    `"id" >= '5'::float8`,
  ]);
});

test('a quoted column name stays quoted', () => {
  const [first] = cutByRange(
    { column: 'we"ird', type: { kind: 'integer', bits: 32 }, min: '0', max: '9' },
    2,
  );
  expect(first?.condition).toBe('"we""ird" < 4');
});
