import { expect, test } from 'vitest';
import type { ChangedTable, ChangeValue, Column, ForeignKey, LogicalType, Table } from '@tsmolt/core';
import { collapse } from './collapse.js';
import { setAside } from './set-aside.js';
import { TargetTables } from '../route/target-tables.js';

const number: LogicalType = { kind: 'integer', bits: 16 };

function column(name: string, type: LogicalType, nullable: boolean): Column {
  const origin = { generated: false, identity: 'never', hasDefault: false } as const;
  return { name, type, nativeType: type.kind, nullable, ...origin };
}

/** A table `seats` with a unique column, and `guests` with a foreign key. */
function seats(code: Column, foreignKey: Partial<ForeignKey> = {}): readonly [Table, Table] {
  const name = { schema: 'public', table: 'seats' };
  const rest = {
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
  };
  const table: Table = {
    ...rest,
    name,
    columns: [column('id', number, false), code],
    primaryKey: { name: 'pk', columns: ['id'] },
    uniqueKeys: [{ name: 'codes', columns: ['code'] }],
    foreignKeys: [],
  };
  const points = { name: 'fk', columns: ['seat'], target: name, targetColumns: ['id'], ...foreignKey };
  return [table, { ...table, name: { schema: 'public', table: 'guests' }, foreignKeys: [points] }];
}

function aside(tables: readonly Table[], nullable: boolean, ...rows: readonly (readonly ChangeValue[])[]) {
  const shape: ChangedTable = {
    name: { schema: 'public', table: 'seats' },
    columns: ['id', 'code'],
    key: [0],
  };
  const target = new TargetTables(tables);
  const changes = rows.map((values) => target.routed({ kind: 'upsert', table: shape, values }));
  return setAside(collapse(changes, true), tables, { nullable }).map(({ columns, rows: [row] }) => ({
    columns,
    row,
  }));
}

test('a column that may be NULL gets that, or a value that nobody has', () => {
  const tables = seats(column('code', number, true));
  expect(aside(tables, true, ['1', '7'])).toEqual([{ columns: ['id', 'code'], row: ['1', null] }]);
  expect(aside(tables, false, ['1', '7'])).toEqual([
    { columns: ['id', 'code'], row: ['1', expect.stringMatching(/^-\d{1,5}$/)] },
  ]);
});

test('a value keeps to the length of its column', () => {
  const tables = seats(column('code', { kind: 'string', maxLength: 4 }, false));
  expect(aside(tables, true, ['1', 'a'])).toEqual([
    { columns: ['id', 'code'], row: ['1', expect.stringMatching(/^[0-9a-f]{4}$/)] },
  ]);
});

test('what the source did not send, what others point at, and types of few values are left alone', () => {
  expect(aside(seats(column('code', number, true)), true, ['1', undefined])).toEqual([]);
  expect(aside(seats(column('code', number, true), { targetColumns: ['code'] }), true, ['1', '7'])).toEqual(
    [],
  );
  expect(aside(seats(column('code', { kind: 'boolean' }, false)), true, ['1', 't'])).toEqual([]);
});
