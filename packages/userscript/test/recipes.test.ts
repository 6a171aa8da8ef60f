import { TsmoltError } from '@tsmolt/core';
import type { ScriptRow } from '@tsmolt/userscript';
import { describe, expect, it } from 'vitest';
import { openFile, readable, recipe, recordingTransaction, row } from './scripts.js';

/** What the schema's handlers of a recipe make of rows. */
async function dispatched(name: string, rows: readonly ScriptRow[], target = {}): Promise<unknown[]> {
  const script = await openFile(recipe(name), { target: { database: 'shop', ...target } });
  return (await script.dispatchSchema(rows)).map((outcome) => outcome.map(readable));
}

describe('recipes of the cookbook', () => {
  it('one table is left out', async () => {
    const rows = [row('audit_log', { id: '1' }), row('orders', { id: '2' })];
    const gone = row('audit_log', { id: '1' }, { kind: 'delete' });
    expect(await dispatched('filter-one-table', [...rows, gone])).toEqual([
      [],
      [['upsert orders', { id: '2' }]],
      [],
    ]);
  });

  it('several tables are left out', async () => {
    const rows = ['audit_log', 'sessions', 'orders'].map((table) => row(table, { id: '1' }));
    expect(await dispatched('filter-tables', rows)).toEqual([[], [], [['upsert orders', { id: '1' }]]]);
  });

  it('rows that are marked as deleted are left out, and real deletes go on', async () => {
    const marked = row('items', { id: '1', is_deleted: '1' });
    const live = row('items', { id: '2', is_deleted: '0' });
    const gone = row('items', { id: '1' }, { kind: 'delete' });
    expect(await dispatched('select-rows', [marked, live, gone])).toEqual([
      [],
      [['upsert items', { id: '2', is_deleted: '0' }]],
      [['delete items', { id: '1' }]],
    ]);
  });

  it('a column is left out', async () => {
    expect(await dispatched('filter-columns', [row('items', { id: '1', qty: '5', name: 'x' })])).toEqual([
      [['upsert items', { id: '1', name: 'x' }]],
    ]);
  });

  it('columns get other names, in deletes too', async () => {
    const values = { emp_id: '7', emp_name: 'Ada', department: 'r' };
    const key = { key: ['emp_id'] };
    const target = {
      tables: [{ name: { schema: 'public', table: 'staff' }, key: ['employee_id'] }],
    };
    const rows = [row('staff', values, key), row('staff', { emp_id: '7' }, { ...key, kind: 'delete' })];
    expect(await dispatched('rename-columns', rows, target)).toEqual([
      [['upsert staff', { employee_id: '7', employee_name: 'Ada', department: 'r' }]],
      [['delete staff', { employee_id: '7' }]],
    ]);
  });

  it('the columns of a primary key get other names, and the made rows are identified by them', async () => {
    const target = {
      database: 'shop',
      tables: [{ name: { schema: 'public', table: 'items' }, key: ['id1', 'id2'] }],
    };
    const script = await openFile(recipe('rename-primary-key'), { target });
    const key = { key: ['pk1', 'pk2'] };
    const [came, left] = await script.dispatchSchema([
      row('items', { pk1: '1', pk2: '2', name: 'x' }, key),
      row('items', { pk1: '1', pk2: '2' }, { ...key, kind: 'delete' }),
    ]);
    expect(came?.map(readable)).toEqual([['upsert items', { id1: '1', id2: '2', name: 'x' }]]);
    expect(left?.[0]?.table.key.map((index) => left[0]?.table.columns[index])).toEqual(['id1', 'id2']);
  });

  it('rows of one table go to its partitions', async () => {
    const rows = ['5', '15000', '90000'].map((id) => row('items', { id }));
    const gone = row('items', { id: '15000' }, { kind: 'delete' });
    expect(await dispatched('route-partitions', [...rows, gone])).toEqual([
      [['upsert items_small', { id: '5' }]],
      [['upsert items_middle', { id: '15000' }]],
      [['upsert items_large', { id: '90000' }]],
      [['delete items_middle', { id: '15000' }]],
    ]);
  });

  it('tables get other names', async () => {
    const rows = [row('customer', { id: '1' }), row('other', { id: '2' })];
    const gone = row('order', { id: '3' }, { kind: 'delete' });
    expect(await dispatched('rename-tables', [...rows, gone])).toEqual([
      [['upsert CUSTOMERS', { id: '1' }]],
      [['upsert other', { id: '2' }]],
      [['delete ORDERS', { id: '3' }]],
    ]);
  });

  it('a column is computed from numbers that are strings', async () => {
    expect(await dispatched('compute-column', [row('items', { id: '1', price: '2.50', qty: '3' })])).toEqual([
      [['upsert items', { id: '1', price: '2.50', qty: '3', total: '7.50' }]],
    ]);
  });

  it('several changes are made by one script', async () => {
    const live = { id: '1', is_deleted: '0', ssn: 's', credit_card_number: 'c' };
    const rows = [
      row('customers', live),
      row('customers', { ...live, is_deleted: '1' }),
      row('orders', { id: '9', ssn: 'kept' }),
    ];
    expect(await dispatched('combine', rows)).toEqual([
      [['upsert customers', { id: '1', is_deleted: '0' }]],
      [],
      [['upsert orders', { id: '9', ssn: 'kept' }]],
    ]);
  });

  it('values are changed, tables chosen, and some rows are never deleted', async () => {
    const rows = [
      row('orders', { id: '1', status: 'open' }),
      row('secrets', { id: '1' }),
      row('orders', { id: '5' }, { kind: 'delete' }),
      row('orders', { id: '500' }, { kind: 'delete' }),
    ];
    expect(await dispatched('protect-rows', rows)).toEqual([
      [['upsert orders', { id: '1', status: 'OPEN' }]],
      [],
      [],
      [['delete orders', { id: '500' }]],
    ]);
  });

  it("a table's handlers add columns, and keep deletes by the key's values", async () => {
    const script = await openFile(recipe('describe-status'));
    const key = { key: ['id', 'region'], kind: 'delete' } as const;
    const outcomes = await script.dispatchTables([
      row('orders', { id: '1', status_code: '2' }),
      row('orders', { id: '1', region: 'EU' }, key),
      row('orders', { id: '2000', region: 'US' }, key),
      row('orders', { id: '3', region: 'US' }, key),
    ]);
    expect(outcomes.map((outcome) => outcome.map(readable))).toEqual([
      [
        [
          'upsert orders',
          { id: '1', status_code: '2', replicated_at: '1970-01-01T00:00:00.000Z', status: 'shipped' },
        ],
      ],
      [],
      [],
      [['delete orders', { id: '3', region: 'US' }]],
    ]);
  });
});

describe('recipes with onWrite', () => {
  it('parents are looked up and counted in the transaction of the write', async () => {
    const script = await openFile(recipe('check-parents'));
    const transaction = recordingTransaction({ query: (_, [id]) => (id === '7' ? [[7]] : []) });
    const rows = [
      row('orders', { id: '1', customer_id: '7' }),
      row('orders', { id: '2', customer_id: '8' }),
      row('orders', { id: '3' }, { kind: 'delete' }),
    ];
    expect(await script.runOnWrite(rows, transaction)).toEqual({ received: 3, written: 2 });
    expect(transaction.did).toEqual([
      ['SELECT id FROM customers WHERE id = $1', '7'],
      'write 1',
      ['UPDATE customers SET num_orders = num_orders + 1 WHERE id = $1', '7'],
      ['SELECT id FROM customers WHERE id = $1', '8'],
      'write 1',
    ]);
    expect(transaction.written).toEqual([rows[0], rows[2]]);
  });

  it('rows that the target refuses go to a table of dead letters, and the others are written', async () => {
    const script = await openFile(recipe('dead-letters'));
    const rows = ['1', '2', '3'].map((id) => row('orders', { id, name: id === '2' ? null : 'x' }));
    const transaction = recordingTransaction({ write: refuseNullNames });
    await script.runOnWrite(rows, transaction);
    expect(transaction.written).toEqual([rows[0], rows[2]]);
    const letters = transaction.did.filter((step) => String(step).startsWith('INSERT'));
    expect(letters).toEqual([
      [
        'INSERT INTO "shop"."public"."dead_letters" (stmt, err) VALUES ($1, $2)',
        JSON.stringify({
          action: 'upsert',
          data: { id: '2', name: null },
          meta: { schema: 'shop.public', table: 'orders' },
          pk: ['2'],
        }),
        'Error: null value in column "name" (SQLSTATE 23502)',
      ],
    ]);
  });

  it('an error that is not the fault of a row stops the replication, with its own kind', async () => {
    const script = await openFile(recipe('dead-letters'));
    const write = (): void => {
      throw new TsmoltError('TSM4003', { message: 'conflict', advice: 'wait', serverCode: '40001' });
    };
    const running = script.runOnWrite([row('orders', { id: '1' })], recordingTransaction({ write }));
    await expect(running).rejects.toMatchObject({ code: 'TSM4003', kind: 'retry', serverCode: '40001' });
  });
});

function refuseNullNames(rows: readonly ScriptRow[]): void {
  if (!rows.some(({ values }) => values.includes(null))) return;
  throw new TsmoltError('TSM4011', {
    message: 'null value in column "name"',
    advice: 'look at the row',
    serverCode: '23502',
  });
}
