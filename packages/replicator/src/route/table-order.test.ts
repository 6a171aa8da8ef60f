import { expect, test } from 'vitest';
import type { Table } from '@tsmolt/core';
import { tableOrder } from './table-order.js';

function table(name: string, ...parents: readonly string[]): Table {
  return {
    name: { schema: 'public', table: name },
    columns: [],
    uniqueKeys: [],
    foreignKeys: parents.map((parent) => ({
      name: `${name}_${parent}`,
      columns: [],
      target: { schema: 'public', table: parent },
      targetColumns: [],
    })),
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
  };
}

test('parents come before their children', () => {
  const [items, orders, customers] = [
    table('items', 'orders'),
    table('orders', 'customers'),
    table('customers'),
  ];
  const order = tableOrder([items, orders, customers]);
  expect([items, orders, customers].map((one) => order.rank(one))).toEqual([2, 1, 0]);
});

test('tables in a circle are equal, and come after those that they need', () => {
  const [root, left, right] = [table('root'), table('left', 'right', 'root'), table('right', 'left')];
  const order = tableOrder([left, right, root]);
  expect([root, left, right].map((one) => order.rank(one))).toEqual([0, 1, 1]);
});

test('a table that refers to itself is referenced, and in no circle', () => {
  const tree = table('tree', 'tree');
  const order = tableOrder([tree]);
  expect(order.rank(tree)).toBe(0);
  expect(order.isReferenced(tree)).toBe(true);
});

test('what foreign keys connect is one group', () => {
  const [a, b, c, d] = [table('a'), table('b', 'a'), table('c', 'a'), table('d')];
  const order = tableOrder([a, b, c, d]);
  expect(order.group(b)).toBe(order.group(c));
  expect(order.group(a)).toBe(order.group(b));
  expect(order.group(d)).not.toBe(order.group(a));
});
