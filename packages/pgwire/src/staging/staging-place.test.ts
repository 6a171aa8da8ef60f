import { expect, test } from 'vitest';
import { stagingTableName } from './layout.js';
import { quotePlace, stagingPlace } from './staging-place.js';

test.each([
  ['_replicator', '"_replicator"'],
  ['shop._replicator', '"_replicator"'],
  ['_replicator.public', '"_replicator"."public"'],
  ['"a.b"."c ""d"""', '"a.b"."c ""d"""'],
  ['"shop"."x"', '"x"'],
])('%s is %s', (text, quoted) => {
  expect(quotePlace(stagingPlace(text, 'shop'))).toBe(quoted);
});

test.each(['', '.', 'a.', '.a', 'a.b.c', '"a', 'a"b', '""'])('%s is no schema', (text) => {
  expect(() => stagingPlace(text, 'shop')).toThrow('is no name of a schema');
});

test('a staging table is named after its table, in lower case', () => {
  expect(stagingTableName('Shop', { schema: 'Public', table: 'Orders' })).toBe('shop_public_orders');
});

test('a name that a server would cut is cut so that it stays distinct', () => {
  const names = ['a', 'b'].map((end) =>
    stagingTableName('shop', { schema: 'public', table: `${'é'.repeat(40)}${end}` }),
  );
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^shop_public_é+_[0-9a-f]{12}$/);
  }
});
