import { expect, test } from 'vitest';
import { Ledger } from './ledger.js';

const orders = { schema: 'public', table: 'orders' };

test('adds up the ranges of a shard and the shards of a table', () => {
  const ledger = new Ledger();
  ledger.record(orders, { shard: 1, exportedRows: 10, importedRows: 10, bytes: 100 });
  ledger.record(orders, { shard: 1, exportedRows: 5, importedRows: 5, bytes: 50 });
  ledger.record(orders, { shard: 2, exportedRows: 1, importedRows: 1, bytes: 10 });
  expect(ledger.totals(orders)).toEqual({ shards: 2, exportedRows: 16, importedRows: 16, bytes: 160 });
  expect(ledger.imbalances()).toEqual([]);
});

test('names the table and the shard whose sides differ', () => {
  const ledger = new Ledger();
  ledger.record(orders, { shard: 1, exportedRows: 10, importedRows: 10, bytes: 1 });
  ledger.record(orders, { shard: 2, exportedRows: 10, importedRows: 9, bytes: 1 });
  expect(ledger.imbalances()).toEqual([{ table: orders, shard: 2, exportedRows: 10, importedRows: 9 }]);
});
