import { describe, expect, it } from 'vitest';
import { mergeRekey, oldKeyRow } from './rekey.js';
import type { ScriptRow } from './rows.js';

const table = { name: { schema: 'public', table: 'orders' }, columns: ['name', 'id'], key: [1] };
const row: ScriptRow = { kind: 'update', table, values: ['x', '2'], oldKey: ['1'] };
const gone = oldKeyRow(row, ['1']);

describe('a row that got another key', () => {
  it('leaves under the old one', () => {
    expect(gone).toEqual({ kind: 'delete', table, values: [undefined, '1'] });
  });

  it('is itself where nothing was done to it', () => {
    expect(mergeRekey(row, [[gone], [row]])).toEqual([row]);
  });

  it('is put together again where the script changed it in its table', () => {
    const changed: ScriptRow = { kind: 'update', table: { ...table }, values: ['y', '2'] };
    expect(mergeRekey(row, [[gone], [changed]])).toEqual([{ ...changed, oldKey: ['1'] }]);
  });

  it('only leaves, or only comes, where the script filtered the other out', () => {
    expect(mergeRekey(row, [[gone], []])).toEqual([gone]);
    expect(mergeRekey(row, [[], [row]])).toEqual([{ kind: 'update', table, values: ['x', '2'] }]);
  });

  it('leaves first where it goes to several tables', () => {
    const other: ScriptRow = { ...row, table: { ...table, name: { schema: 'public', table: 'copies' } } };
    const { oldKey: _, ...here } = row;
    const { oldKey: __, ...there } = other;
    expect(mergeRekey(row, [[gone], [row, other]])).toEqual([gone, here, there]);
  });
});
