import { describe, expect, test } from 'vitest';
import type { ChangedTable, ChangeValue, Column, LogicalType, Mutation, Table } from '@tsmolt/core';
import { collapse } from './collapse.js';
import type { Step } from './collapse.js';
import type { RoutedEvent } from '../route/routed-transaction.js';
import { TargetTables } from '../route/target-tables.js';

const integer: LogicalType = { kind: 'integer', bits: 64 };
const text: LogicalType = { kind: 'string' };

function column(name: string, type: LogicalType): Column {
  return {
    name,
    type,
    nativeType: type.kind,
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
  };
}

function table(name: string, keyType: LogicalType = integer): Table {
  return {
    name: { schema: 'public', table: name },
    columns: [column('id', keyType), column('a', text), column('b', text)],
    primaryKey: { name: `${name}_pkey`, columns: ['id'] },
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    indexedColumns: ['id'],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
  };
}

const tables = new TargetTables([table('t'), table('u'), table('d', { kind: 'decimal' })]);
const shapes = new Map<string, ChangedTable>();

function change(
  name: string,
  kind: Mutation['kind'],
  values: readonly ChangeValue[],
  oldKey?: string,
): RoutedEvent {
  const shape = shapes.get(name) ?? {
    name: { schema: 'public', table: name },
    columns: ['id', 'a', 'b'],
    key: [0],
  };
  shapes.set(name, shape);
  return tables.routed({ kind, table: shape, values, ...(oldKey === undefined ? {} : { oldKey: [oldKey] }) });
}

const upsert = (id: string, a: ChangeValue, b: ChangeValue, oldKey?: string): RoutedEvent =>
  change('t', 'upsert', [id, a, b], oldKey);
const update = (id: string, a: ChangeValue, b: ChangeValue, oldKey?: string): RoutedEvent =>
  change('t', 'update', [id, a, b], oldKey);
const remove = (id: string): RoutedEvent => change('t', 'delete', [id, undefined, undefined]);

/** Steps as short texts: `rows t:upsert 1,x,y`. */
function shown(steps: readonly Step[]): string[] {
  return steps.map((step) => {
    if (step.kind === 'truncate') return `truncate ${step.tables.map((name) => name.table).join()}`;
    if (step.kind === 'rekey') return `rekey ${step.change.oldKey?.join()} to ${step.change.values.join()}`;
    const rows = step.tables.flatMap(({ table: { name }, changes }) =>
      changes.map(
        ({ kind, values }) => `${name.table}:${kind} ${values.map((value) => value ?? '-').join()}`,
      ),
    );
    return `rows ${rows.join(' ')}`;
  });
}

describe('changes of one row', () => {
  test.each<[string, RoutedEvent[], string]>([
    ['the last of two upserts counts', [upsert('1', 'x', 'y'), upsert('1', 'z', 'y')], 'rows t:upsert 1,z,y'],
    [
      'an update completes the upsert before it',
      [upsert('1', 'x', 'y'), update('1', undefined, 'w')],
      'rows t:upsert 1,x,w',
    ],
    [
      'two updates touch the columns of both',
      [update('1', 'x', undefined), update('1', undefined, 'w')],
      'rows t:update 1,x,w',
    ],
    ['what was written and deleted is deleted', [upsert('1', 'x', 'y'), remove('1')], 'rows t:delete 1,-,-'],
    [
      'what was deleted and written again is written',
      [remove('1'), upsert('1', 'x', 'y')],
      'rows t:upsert 1,x,y',
    ],
    [
      'a new key is a row that goes and one that comes',
      [upsert('2', 'x', 'y', '1')],
      'rows t:delete 1,-,- t:upsert 2,x,y',
    ],
    [
      'NULL is a value that was sent',
      [upsert('1', 'x', 'y'), update('1', null, undefined)],
      'rows t:upsert 1,-,y',
    ],
  ])('%s', (_name, events, expected) => {
    expect(shown(collapse(events, true))).toEqual([expected]);
  });

  test('a new key with a value that is known from before needs nothing of the target', () => {
    expect(shown(collapse([upsert('1', 'x', 'y'), update('2', undefined, 'w', '1')], true))).toEqual([
      'rows t:delete 1,-,- t:upsert 2,x,w',
    ]);
  });

  test('a new key with an unknown value is given to the row that is there', () => {
    expect(
      shown(collapse([upsert('5', 'x', 'y'), update('2', undefined, 'w', '1'), remove('5')], true)),
    ).toEqual(['rows t:upsert 5,x,y', 'rekey 1 to 2,,w', 'rows t:delete 5,-,-']);
  });

  test('keys that go round keep every row', () => {
    const events = [upsert('9', 'one', 'y', '1'), upsert('1', 'two', 'y', '2'), upsert('2', 'one', 'y', '9')];
    expect(shown(collapse(events, true))).toEqual(['rows t:upsert 1,two,y t:delete 9,-,- t:upsert 2,one,y']);
  });
});

describe('steps', () => {
  test('rows of several tables go together, whatever their order', () => {
    const events = [upsert('1', 'x', 'y'), change('u', 'upsert', ['1', 'p', 'q']), upsert('2', 'x', 'y')];
    expect(shown(collapse(events, true))).toEqual(['rows t:upsert 1,x,y t:upsert 2,x,y u:upsert 1,p,q']);
  });

  test('without collapsing, each change of a row has a step of its own', () => {
    expect(shown(collapse([upsert('1', 'x', 'y'), upsert('2', 'x', 'y'), remove('1')], false))).toEqual([
      'rows t:upsert 1,x,y t:upsert 2,x,y',
      'rows t:delete 1,-,-',
    ]);
  });

  test('emptied tables divide what comes before from what comes after', () => {
    const truncate: RoutedEvent = { kind: 'truncate', tables: [{ schema: 'public', table: 't' }] };
    expect(shown(collapse([upsert('1', 'x', 'y'), truncate, upsert('1', 'z', 'y')], true))).toEqual([
      'rows t:upsert 1,x,y',
      'truncate t',
      'rows t:upsert 1,z,y',
    ]);
  });

  test('another shape of the same table begins another step', () => {
    const before = upsert('1', 'x', 'y');
    shapes.delete('t');
    expect(shown(collapse([before, upsert('2', 'x', 'y')], true))).toHaveLength(2);
  });
});

describe('keys whose text does not tell rows apart', () => {
  const decimal = (kind: Mutation['kind'], key: string, oldKey?: string): RoutedEvent =>
    change(
      'd',
      kind,
      [key, kind === 'delete' ? undefined : 'x', kind === 'delete' ? undefined : 'y'],
      oldKey,
    );

  test('a row under another text of the same key is not deleted after it was written', () => {
    expect(shown(collapse([decimal('upsert', '1.00', '1.0')], true))).toEqual(['rekey 1.0 to 1.00,x,y']);
  });

  test('upserts and deletes keep their order', () => {
    expect(shown(collapse([decimal('delete', '1.0'), decimal('upsert', '1.00')], true))).toEqual([
      'rows d:delete 1.0,-,-',
      'rows d:upsert 1.00,x,y',
    ]);
  });
});

describe('rows that the source inserted', () => {
  const fresh = (id: string, a: string): RoutedEvent =>
    ({ ...upsert(id, a, 'b'), fresh: true }) as RoutedEvent;

  test('go together as they came', () => {
    const events = [fresh('1', 'x'), fresh('2', 'y'), fresh('3', 'z')];
    expect(collapse(events, true, true)).toEqual([
      { kind: 'rows', tables: [{ table: expect.anything(), changes: events }] },
    ]);
  });

  test('are found again by what happens to them later', () => {
    const steps = collapse(
      [fresh('1', 'x'), fresh('2', 'y'), update('1', 'new', undefined), remove('2')],
      true,
      true,
    );
    const [step] = steps;
    expect(steps).toHaveLength(1);
    const changes = step?.kind === 'rows' ? (step.tables[0]?.changes ?? []) : [];
    expect(changes.map(({ kind, fresh: isFresh, values }) => [kind, isFresh, ...values])).toEqual([
      ['upsert', true, '1', 'new', 'b'],
      ['delete', undefined, '2', undefined, undefined],
    ]);
  });

  test('are found again when their key changes, and the old key may come again', () => {
    const steps = collapse([fresh('1', 'x'), upsert('2', 'x', 'b', '1'), fresh('1', 'again')], true, true);
    const [step] = steps;
    expect(steps).toHaveLength(1);
    const changes = step?.kind === 'rows' ? (step.tables[0]?.changes ?? []) : [];
    expect(changes.map(({ kind, values }) => [kind, values[0], values[1]])).toEqual([
      ['upsert', '1', 'again'],
      ['upsert', '2', 'x'],
    ]);
  });

  test('of which one comes twice stand apart where nothing may be combined', () => {
    const steps = collapse([fresh('1', 'x'), update('1', 'new', 'b')], false, true);
    expect(steps).toHaveLength(2);
  });

  test('are put together by their keys where the target has refused them', () => {
    const [step] = collapse([fresh('1', 'x'), fresh('1', 'again')], true);
    const changes = step?.kind === 'rows' ? (step.tables[0]?.changes ?? []) : [];
    expect(changes.map(({ values }) => values[1])).toEqual(['again']);
  });
});
