import { expect, test } from 'vitest';
import type { Table } from '@tsmolt/core';
import type { RoutedEvent } from '../route/routed-transaction.js';
import { putBehind } from './put-behind.js';
import type { Deferred } from './put-behind.js';
import type { RoutedMutation } from '../route/target-tables.js';
import { BlockedRows } from './waiting-changes.js';

const name = { schema: 'public', table: 't' };
const table: Table = {
  name,
  columns: [],
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};
const route = { table, columns: ['id'], take: undefined, key: ['id'], keyAt: [0], exactKey: true };

function change(id: string, oldId?: string): RoutedMutation {
  const source = { kind: 'upsert', table: { name, columns: ['id'], key: [0] }, values: [id] } as const;
  return { route, kind: 'upsert', values: [id], source, ...(oldId === undefined ? {} : { oldKey: [oldId] }) };
}

function keysOf(events: readonly RoutedEvent[]): string[] {
  return events.map((event) => (event.kind === 'truncate' ? 'truncate' : String(event.values[0])));
}

function blockedBy(...changes: RoutedMutation[]): BlockedRows {
  const blocked = new BlockedRows();
  for (const one of changes) blocked.add(one);
  return blocked;
}

const at = { position: '0/1', committedAt: 0 };

test('a change waits behind one of its row, and what follows it under its other key waits too', () => {
  const deferred: Deferred[] = [];
  const events = [change('2'), change('5', '1'), change('5'), change('6')];
  const free = putBehind({ ...at, events }, blockedBy(change('1')), deferred);
  expect(keysOf(free.events)).toEqual(['2', '6']);
  expect(deferred.map(({ staged }) => staged.key)).toEqual(['["5"]', '["5"]']);
});

test('what waits for a table that is emptied is forgotten, what comes after it is not', () => {
  const deferred: Deferred[] = [];
  const events: RoutedEvent[] = [change('1'), { kind: 'truncate', tables: [name] }, change('1')];
  const free = putBehind({ ...at, events }, blockedBy(change('1')), deferred);
  expect(keysOf(free.events)).toEqual(['truncate']);
  expect(deferred).toHaveLength(1);
});
