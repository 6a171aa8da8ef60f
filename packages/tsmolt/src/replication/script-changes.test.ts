import type { ChangedTable, ChangeValue, Mutation } from '@tsmolt/core';
import type { ScriptRow, ScriptTable } from '@tsmolt/userscript';
import { expect, it } from 'vitest';
import { ScriptChanges } from './script-changes.js';
import { ScriptTables } from './script-tables.js';

const source: ChangedTable = { name: { schema: 'shop', table: 'orders' }, columns: ['id', 'n'], key: [0] };
const fresh: Mutation = { kind: 'upsert', fresh: true, table: source, values: ['1', 'x'] };
const deletion: Mutation = { kind: 'delete', table: source, values: ['1', undefined] };

function opened(writes = false): { changes: ScriptChanges; sent: (change: Mutation) => ScriptRow } {
  const tables = new ScriptTables({ targetSchema: 'public', targets: [], sources: [] });
  const sent = ({ kind, table, values }: Mutation): ScriptRow => ({
    kind,
    table: tables.arriving(table),
    values,
  });
  return { changes: new ScriptChanges(tables, () => writes), sent };
}

const named = (table: string, columns: readonly string[] = ['id', 'n']): ScriptTable => ({
  name: { schema: 'public', table },
  columns,
  key: [columns.indexOf('id')],
});
const made = (table: ScriptTable, ...values: ChangeValue[]): ScriptRow => ({
  kind: 'upsert',
  table,
  values,
});

it('a row that was left alone is the very same change', () => {
  const { changes, sent } = opened();
  const row = sent(fresh);
  expect(changes.changes(fresh, [row], row)[0]).toBe(fresh);
});

it('a row that kept its table and key is as new as before', () => {
  const { changes, sent } = opened();
  const [one] = changes.changes(fresh, [made(named('orders', ['n', 'id']), 'y', '1')], sent(fresh));
  expect(one).toMatchObject({ fresh: true, values: ['y', '1'] });
});

it('with a change to some rows and none to others all have one shape', () => {
  const { changes, sent } = opened();
  const row = sent(fresh);
  expect(changes.changes(fresh, [{ ...row, values: ['1', 'y'] }], row)[0]?.table).toBe(source);
});

it.each<[string, readonly ScriptRow[]]>([
  ['another key', [made(named('orders'), '2', 'x')]],
  ['another table', [made(named('orders_v2'), '1', 'x')]],
  ['a second row in its table', [made(named('orders'), '1', 'x'), made(named('orders'), '2', 'x')]],
])('a row that got %s is not taken for new', (_, rows) => {
  const { changes, sent } = opened();
  for (const change of changes.changes(fresh, rows, sent(fresh))) expect(change).not.toHaveProperty('fresh');
});

it('a row beside one in another table is new, the other one is not', () => {
  const { changes, sent } = opened();
  const rows = [made(named('orders'), '1', 'x'), made(named('history'), '1', 'x')];
  expect(changes.changes(fresh, rows, sent(fresh)).map((change) => change.fresh)).toEqual([true, undefined]);
});

it('where the script writes itself, no row is taken for new', () => {
  const { changes, sent } = opened(true);
  const row = sent(fresh);
  expect(changes.changes(fresh, [row], row)).toEqual([{ kind: 'upsert', table: source, values: ['1', 'x'] }]);
});

it('once the script has left a row that the source deleted, no row of the table is taken for new', () => {
  const { changes, sent } = opened();
  const row = sent(fresh);
  changes.changes(deletion, [sent(deletion)].slice(1), sent(deletion));
  expect(changes.changes(fresh, [row], row)[0]).not.toHaveProperty('fresh');
});

it('a delete that was left alone does not make rows doubtful', () => {
  const { changes, sent } = opened();
  const [gone, row] = [sent(deletion), sent(fresh)];
  changes.changes(deletion, [gone], gone);
  expect(changes.changes(fresh, [row], row)[0]).toBe(fresh);
});
