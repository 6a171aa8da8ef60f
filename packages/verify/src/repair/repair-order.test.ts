import type { Table } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { repairOrder } from './repair-order.js';

function table(name: string, ...parents: readonly string[]): Table {
  return {
    name: { schema: 'public', table: name },
    columns: [],
    uniqueKeys: [],
    foreignKeys: parents.map((parent) => ({
      name: `to ${parent}`,
      columns: ['p'],
      target: { schema: 'public', table: parent },
      targetColumns: ['id'],
    })),
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
  };
}

function order(tables: readonly Table[], all: readonly Table[] = tables): string[] {
  return repairOrder(tables, all).map(({ kind, table: index }) => `${kind} ${tables[index]?.name.table}`);
}

test('parents are inserted before their children and deleted after them; what nobody refers to is deleted first', () => {
  expect(order([table('item', 'order', 'product'), table('order', 'customer'), table('product'), table('customer')])).toEqual([
    'delete item',
    'insert product', 'insert customer', 'insert order', 'insert item',
    'update product', 'update customer', 'update order', 'update item',
    'delete order', 'delete customer', 'delete product',
  ]); // prettier-ignore
});

test('a table that another one refers to which is not repaired counts as a parent', () => {
  const [one, two] = [table('one'), table('two', 'one')];
  expect(order([one], [one, two])).toEqual(['insert one', 'update one', 'delete one']);
});

test('circles come last and are not lost', () => {
  expect(order([table('a', 'b'), table('b', 'a'), table('c'), table('own', 'own')])).toEqual([
    'delete c',
    'insert c', 'insert own', 'insert a', 'insert b',
    'update c', 'update own', 'update a', 'update b',
    'delete b', 'delete a', 'delete own',
  ]); // prettier-ignore
});
