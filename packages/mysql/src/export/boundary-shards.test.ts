import { expect, test } from 'vitest';
import { rangesBetweenKeys } from './boundary-shards.js';
import type { KeyColumn } from './key-column.js';

const column = (name: string): KeyColumn => ({ name, read: name, literal: (text) => text });
const conditions = (key: readonly KeyColumn[], boundaries: readonly (readonly string[])[]): string[] =>
  rangesBetweenKeys(key, boundaries).map(({ condition }) => condition);

test('a key of one column is compared as it is', () => {
  expect(conditions([column('`a`')], [['5'], ['9']])).toEqual([
    '`a` < 5',
    '`a` >= 5 AND `a` < 9',
    '`a` >= 9',
  ]);
});

test('a key of several columns is compared column by column', () => {
  expect(
    conditions(
      [column('a'), column('b')],
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ),
  ).toEqual([
    '(a < 1 OR (a = 1 AND b < 2))',
    '(a > 1 OR (a = 1 AND b >= 2)) AND (a < 3 OR (a = 3 AND b < 4))',
    '(a > 3 OR (a = 3 AND b >= 4))',
  ]);
  expect(conditions([column('a'), column('b'), column('c')], [['1', '2', '3']])[0]).toBe(
    '(a < 1 OR (a = 1 AND (b < 2 OR (b = 2 AND c < 3))))',
  );
});

test('no boundary is one range', () => {
  expect(conditions([column('a')], [])).toEqual(['true']);
});
