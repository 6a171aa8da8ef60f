import { expect, test } from 'vitest';
import type { Column, Table } from '@tsmolt/core';
import { routeInto, TargetTables } from './target-tables.js';

function column(name: string): Column {
  const type = { kind: 'string' } as const;
  return {
    name,
    type,
    nativeType: 'text',
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
  };
}

function table(name: string, columns: readonly string[]): Table {
  return {
    name: { schema: 'public', table: name },
    columns: columns.map(column),
    primaryKey: { name: `${name}_pkey`, columns: columns.slice(0, 1) },
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    indexedColumns: columns.slice(0, 1),
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
  };
}

test('a table goes to the one of exactly its name, or else to the only one that differs in case', () => {
  const tables = new TargetTables([table('Orders', ['id']), table('orders', ['id']), table('items', ['id'])]);
  expect(tables.find('Orders')?.name.table).toBe('Orders');
  expect(tables.find('orders')?.name.table).toBe('orders');
  expect(tables.find('ITEMS')?.name.table).toBe('items');
  expect(tables.find('ORDERS')).toBeUndefined();
});

test('and so does a column', () => {
  const changed = { name: { schema: 'public', table: 't' }, columns: ['ID', 'a', 'A'], key: [0] };
  expect(routeInto(table('t', ['id', 'A', 'a']), changed)).toMatchObject({
    columns: ['id', 'a', 'A'],
    key: ['id'],
  });
});
