import { expect, test } from 'vitest';
import type { Table } from '../schema.js';
import { loadOrder } from './load-order.js';

const table = (name: string, ...targets: string[]): Table => ({
  name: { schema: 's', table: name },
  columns: [],
  uniqueKeys: [],
  foreignKeys: targets.map((target) => ({
    name: `${name}_${target}`,
    columns: ['x'],
    target: { schema: 's', table: target },
    targetColumns: ['id'],
  })),
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
});

test('tables without foreign keys wait for nobody', () => {
  const order = loadOrder([table('a'), table('b')]);
  expect([...order.parents.values()].map((parents) => parents.size)).toEqual([0, 0]);
  expect(order.circle).toEqual([]);
});

test('a table waits for those that its keys point at, each once', () => {
  const order = loadOrder([
    table('lines', 'orders', 'products', 'orders'),
    table('orders'),
    table('products'),
  ]);
  expect([...(order.parents.get('s.lines') ?? [])]).toEqual(['s.orders', 's.products']);
  expect(order.circle).toEqual([]);
});

test('a table outside the run is not waited for', () => {
  expect(loadOrder([table('lines', 'elsewhere')]).parents.get('s.lines')?.size).toBe(0);
});

test('a table that points at itself does not wait for itself, and is named', () => {
  const order = loadOrder([table('people', 'people'), table('pets', 'people')]);
  expect(order.parents.get('s.people')?.size).toBe(0);
  expect([...order.selfReferencing]).toEqual(['s.people']);
  expect(order.circle).toEqual([]);
});

test('a circle is named with what waits for it, and nothing else', () => {
  const order = loadOrder([
    table('free'),
    table('a', 'b'),
    table('b', 'c', 'free'),
    table('c', 'a'),
    table('d', 'a'),
  ]);
  expect(order.circle).toEqual(['s.a', 's.b', 's.c', 's.d']);
});

test('a long chain has no circle', () => {
  const chain = Array.from({ length: 200 }, (_, index) =>
    table(`t${index}`, ...(index === 0 ? [] : [`t${index - 1}`])),
  );
  expect(loadOrder(chain.toReversed()).circle).toEqual([]);
});
