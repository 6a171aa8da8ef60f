import { describe, expect, test } from 'vitest';
import { column, table } from '../../test/tables.js';
import type { Column } from '../schema.js';
import type { LogicalType } from '../types.js';
import { isTypeText } from './chosen-type.js';
import { plainPlan } from './table-plan.js';
import { chooseTypes } from './type-map.js';
import type { ColumnTypeMap } from './type-map.js';

const place = 'types.json, [0].column_type_map[0]';
const mapping = (name: string, sourceType: string, targetType: string): ColumnTypeMap => ({
  place,
  column: name,
  sourceType,
  targetType,
});
const int: LogicalType = { kind: 'integer', bits: 32 };
const typed = (name: string, nativeType: string, type: LogicalType = int): Column =>
  column(name, { nativeType, type });

/** The types chosen for a table of these columns. */
function chosen(columns: readonly Column[], ...mappings: ColumnTypeMap[]): Record<string, string> {
  const plan = plainPlan(table('t1', columns));
  const types = chooseTypes([plan], [{ place: 'types.json, [0]', table: 'public.t1', columns: mappings }]);
  return Object.fromEntries(types.get(plan) ?? []);
}

describe('a mapping', () => {
  test('of every column goes to those of the type, and one by name goes before it', () => {
    const columns = [typed('a', 'integer'), typed('b', 'bigint'), typed('c', 'integer')];
    expect(chosen(columns, mapping('c', 'int', 'INT8'), mapping('*', 'int', 'INT2'))).toEqual({
      a: 'INT2',
      c: 'INT8',
      id: 'INT2',
    });
  });

  test('is overridden by a later one', () => {
    expect(
      chosen(
        [typed('a', 'text', { kind: 'string' })],
        mapping('a', 'text', 'UUID'),
        mapping('a', 'text', 'INET'),
      ),
    ).toEqual({ a: 'INET' });
  });

  test.each<[string, string]>([
    ['int4', 'integer'],
    ['INTEGER', 'int'],
    ['int', 'int(11)'],
    ['int', 'int unsigned'],
    ['int unsigned', 'int(10) unsigned'],
    ['bool', 'boolean'],
    ['varchar', 'character varying(20)'],
    ['varchar(20)', 'character varying(20)'],
    ['varbit', 'bit varying(3)'],
    ['timestamptz', 'timestamp(3) with time zone'],
    ['timestamp without time zone', 'timestamp'],
    ['numeric', 'decimal(10,2)'],
    ['float', 'double precision'],
    ['double', 'double precision'],
    ['float', 'float'],
    ['int[]', 'integer[]'],
    ['mood', 'shop.mood'],
    ['"Shop".mood', '"Shop".mood'],
    ['enum', "enum('a','(b)')"],
  ])('of %s meets a column of %s', (sourceType, nativeType) => {
    expect(chosen([typed('a', nativeType)], mapping('a', sourceType, 'STRING'))).toEqual({ a: 'STRING' });
  });

  test.each<[string, string]>([
    ['int', 'bigint'],
    ['int', 'integer[]'],
    ['varchar(20)', 'character varying(30)'],
    ['double', 'float'],
    ['timestamp', 'timestamp with time zone'],
    ['int unsigned', 'int'],
  ])('of %s does not meet a column of %s, and that is an error', (sourceType, nativeType) => {
    expect(() => chosen([typed('a', nativeType)], mapping('a', sourceType, 'STRING'))).toThrow(
      `${place}: column a of public.t1 is ${nativeType}, not ${sourceType}`,
    );
  });

  test('of bool meets the integers that MySQL uses as such', () => {
    const flag = typed('a', 'tinyint(1)', { kind: 'integer', bits: 8, boolean: true });
    expect(chosen([flag], mapping('a', 'bool', 'BOOL'))).toEqual({ a: 'BOOL' });
    expect(chosen([flag], mapping('a', 'tinyint', 'BOOL'))).toEqual({ a: 'BOOL' });
  });

  test('that meets nothing is an error', () => {
    expect(() => chosen([], mapping('*', 'uuid', 'STRING'))).toThrow(
      `${place}: public.t1 has no column of type uuid`,
    );
    expect(() => chosen([], mapping('gone', 'int', 'INT2'))).toThrow('public.t1 has no column gone');
    expect(() => chooseTypes([], [{ place: 'types.json, [3]', table: 'public.t9', columns: [] }])).toThrow(
      'types.json, [3].table: public.t9 is no table of this run',
    );
  });

  test('finds its table whatever the case, unless that is not clear or case counts', () => {
    const map = [{ place: 'p', table: 'PUBLIC.T', columns: [mapping('id', 'integer', 'INT2')] }];
    const [upper, lower] = [plainPlan(table('T', [])), plainPlan(table('t', []))];
    expect(chooseTypes([lower], map).size).toBe(1);
    expect(() => chooseTypes([upper, lower], map)).toThrow('several tables are called PUBLIC.T');
    expect(() => chooseTypes([lower], map, true)).toThrow('PUBLIC.T is no table of this run');
  });

  test('reaches columns that are to be computed and none that are excluded', () => {
    const computed = typed('sum', 'bigint');
    const plan = {
      ...plainPlan(table('t1', [typed('a', 'bigint'), computed])),
      excluded: new Set(['a', 'sum']),
      computed: [computed],
    };
    const map = [{ place: 'p', table: 'public.t1', columns: [mapping('*', 'bigint', 'DECIMAL')] }];
    expect([...(chooseTypes([plan], map).get(plan) ?? [])]).toEqual([['sum', 'DECIMAL']]);
  });
});

const text: LogicalType = { kind: 'string' };
const bit: LogicalType = { kind: 'bit', varying: true };

describe('types', () => {
  test.each<[LogicalType, string]>([
    [{ kind: 'timestamp', withZone: false }, 'TIMESTAMPTZ'],
    [{ kind: 'timestamp', withZone: true }, 'timestamp'],
    [text, 'uuid'],
    [{ kind: 'uuid' }, 'VARCHAR(36)'],
    [{ kind: 'boolean' }, 'INT2'],
    [{ kind: 'integer', bits: 16 }, 'BOOL'],
    [bit, 'TEXT'],
    [text, 'VARBIT'],
    [bit, 'BOOL'],
    [{ kind: 'boolean' }, 'varbit'],
    [{ kind: 'json', document: 'normalized' }, 'TEXT'],
    [text, 'JSONB'],
    [{ kind: 'inet' }, 'STRING'],
    [text, 'INET'],
    [int, 'DECIMAL(10, 2)'],
    [{ kind: 'array', element: bit }, 'STRING[]'],
    [text, '"Shop"."mood"'],
    [{ kind: 'enum', schema: 'a', name: 'mood', labels: [] }, 'mood'],
    [{ kind: 'domain', schema: 'a', name: 'd', base: text }, 'STRING'],
  ])('%j may become %s', (type, targetType) => {
    expect(chosen([typed('a', 'x', type)], mapping('a', 'x', targetType))).toEqual({ a: targetType });
  });

  test.each<[LogicalType, string]>([
    [text, 'INT8'],
    [{ kind: 'bytes' }, 'INET'],
    [int, 'UUID'],
    [int, '"Shop"."mood"'],
    [int, 'GEOMETRY'],
    [{ kind: 'array', element: int }, 'INT8'],
  ])('%j may not become %s', (type, targetType) => {
    expect(() => chosen([typed('a', 'what it is', type)], mapping('a', 'what it is', targetType))).toThrow(
      expect.objectContaining({
        code: 'TSM3004',
        message: `${place}: public.t1.a is what it is, whose values do not go into ${targetType}`,
      }),
    );
  });
});

test.each([
  'INT2',
  'string',
  'DECIMAL(10,2)',
  'VARCHAR(20)[]',
  'double precision',
  'character varying(3)',
  'TIMESTAMP(3) WITH TIME ZONE',
  'mood',
  'shop.mood',
  '"Sh""op"."mo od"[]',
])('%s is a type', (written) => {
  expect(isTypeText(written)).toBe(true);
});

test.each([
  '',
  ' INT2',
  'INT2)',
  'INT2 DEFAULT 1',
  'INT2 PRIMARY KEY',
  'INT2 NOT NULL',
  'STRING COLLATE en',
  'INT2, x INT2',
  'INT2; DROP TABLE t',
  'INT2 -- x',
  'DECIMAL(1,2,3)',
  'DECIMAL(now())',
  '"mood',
  '"mo"od"',
  'a.b.c.d',
  'INT2\n',
])('%j is none', (written) => {
  expect(isTypeText(written)).toBe(false);
});
