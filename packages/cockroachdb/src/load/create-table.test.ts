import { expect, test } from 'vitest';
import type { Column, LogicalType, PlannedTable, Table } from '@tsmolt/core';
import {
  createTableStatement,
  enumStatements,
  notCarriedOver,
  schemasOf,
  tableStatements,
} from './create-table.js';

const mood: LogicalType = {
  kind: 'enum',
  schema: 'Shop',
  name: 'mo"od',
  labels: ['happy', `so'so`, 'back\\slash'],
};

/** A column for each type: `c1`, `c2` and so on, the first of them NOT NULL. */
function tableOf(types: readonly LogicalType[], changes: Partial<Table> = {}): Table {
  return {
    name: { schema: 'public', table: 'odd "name"' },
    columns: types.map((type, index): Column => ({
      name: `c${index + 1}`,
      type,
      nativeType: type.kind === 'native' ? type.name : type.kind,
      nullable: index > 0,
      generated: false,
      identity: 'never',
      hasDefault: false,
    })),
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
    ...changes,
  };
}

test('numbers have their width in their name, and a scale that CockroachDB does not know is left out', () => {
  const types: LogicalType[] = [
    { kind: 'integer', bits: 16 },
    { kind: 'integer', bits: 32, unsigned: true },
    { kind: 'integer', bits: 64, unsigned: true },
    { kind: 'decimal' },
    { kind: 'decimal', precision: 12, scale: 3 },
    { kind: 'decimal', precision: 5, scale: -2 },
    { kind: 'decimal', precision: 2, scale: 5 },
    { kind: 'float', bits: 32 },
    { kind: 'float', bits: 64 },
  ];
  const table = tableOf(types, { primaryKey: { name: 'k', columns: ['c2', 'c1'] } });
  expect(createTableStatement(table)).toMatchInlineSnapshot(`
    "CREATE TABLE "public"."odd ""name""" (
      "c1" INT2 NOT NULL,
      "c2" INT8,
      "c3" DECIMAL(20,0),
      "c4" DECIMAL,
      "c5" DECIMAL(12,3),
      "c6" DECIMAL,
      "c7" DECIMAL,
      "c8" FLOAT4,
      "c9" FLOAT8,
      PRIMARY KEY ("c2", "c1")
    )"
  `);
});

test('text, times, bits and documents keep their lengths', () => {
  const types: LogicalType[] = [
    { kind: 'string' },
    { kind: 'string', maxLength: 20 },
    { kind: 'string', maxLength: 4, padded: true },
    { kind: 'bytes' },
    { kind: 'time', withZone: true, precision: 3 },
    { kind: 'timestamp', withZone: true },
    { kind: 'bit', varying: false, length: 8 },
    { kind: 'bit', varying: true },
    { kind: 'json', document: 'text' },
    { kind: 'inet' },
  ];
  expect(createTableStatement(tableOf(types))).toMatchInlineSnapshot(`
    "CREATE TABLE "public"."odd ""name""" (
      "c1" STRING NOT NULL,
      "c2" VARCHAR(20),
      "c3" CHAR(4),
      "c4" BYTES,
      "c5" TIMETZ(3),
      "c6" TIMESTAMPTZ,
      "c7" BIT(8),
      "c8" VARBIT,
      "c9" JSONB,
      "c10" INET
    )"
  `);
});

test('types of other engines become what is nearest, and that is said', () => {
  const types: LogicalType[] = [
    mood,
    { kind: 'array', element: mood },
    { kind: 'domain', schema: 'Shop', name: 'email', base: { kind: 'string', maxLength: 80 } },
    { kind: 'native', name: 'money' },
    { kind: 'native', name: 'tsvector' },
  ];
  const table = tableOf(types, { checks: ['positive'] });
  expect(createTableStatement(table)).toMatchInlineSnapshot(`
    "CREATE TABLE "public"."odd ""name""" (
      "c1" "Shop"."mo""od" NOT NULL,
      "c2" "Shop"."mo""od"[],
      "c3" VARCHAR(80),
      "c4" STRING,
      "c5" TSVECTOR
    )"
  `);
  expect(enumStatements(table)).toMatchInlineSnapshot(`
    [
      "CREATE TYPE IF NOT EXISTS "Shop"."mo""od" AS ENUM ('happy', 'so''so', E'back\\\\slash')",
      "CREATE TYPE IF NOT EXISTS "Shop"."mo""od" AS ENUM ('happy', 'so''so', E'back\\\\slash')",
    ]
  `);
  expect(schemasOf(table)).toEqual(['public', 'Shop', 'Shop']);
  expect(notCarriedOver(table)).toMatchInlineSnapshot(`
    [
      "checks positive",
      "domain constraints of c3",
      "native types (kept as text) of c4",
    ]
  `);
});

test.each<[string, LogicalType]>([
  ['a composite type', { kind: 'composite', schema: 's', name: 'pair', fields: [] }],
  ['an array of arrays', { kind: 'array', element: { kind: 'array', element: { kind: 'uuid' } } }],
  ['a type of an extension', { kind: 'native', name: 'public.hstore' }],
])('%s is refused with the name of the column', (_what, type) => {
  expect(() => createTableStatement(tableOf([mood, type]))).toThrow(
    /public\.odd "name"\.c2 is .*CockroachDB does not have/,
  );
});

/** A table with a copied column `c1` of each type and the computed ones `sum` and `half`. */
function withComputed(types: readonly LogicalType[], changes: Partial<PlannedTable> = {}): PlannedTable {
  const [sum, half] = tableOf([{ kind: 'integer', bits: 64 }, { kind: 'decimal' }]).columns.map(
    (column, index): Column => ({
      ...column,
      name: index === 0 ? 'sum' : 'half',
      generated: true,
      generation: { expression: '(c1 / 2)', stored: index === 0 },
    }),
  );
  if (sum === undefined || half === undefined) throw new Error('two columns were made');
  return { ...tableOf(types), computedColumns: [sum, half], ...changes };
}

test('computed columns are added after the table', () => {
  expect(tableStatements(withComputed([{ kind: 'boolean' }]))).toMatchInlineSnapshot(`
    [
      "CREATE TABLE "public"."odd ""name""" (
      "c1" BOOL NOT NULL
    )",
      "ALTER TABLE "public"."odd ""name""" ADD COLUMN "sum" INT8 NOT NULL GENERATED ALWAYS AS ((c1 / 2)) STORED",
      "ALTER TABLE "public"."odd ""name""" ADD COLUMN "half" DECIMAL AS ((c1 / 2)) VIRTUAL",
    ]
  `);
});

test('a type that was chosen stands where that of the source would', () => {
  const chosenTypes = new Map([
    ['c1', 'STRING'],
    ['c2', 'DECIMAL(10,2)'],
    ['c3', 'INT'],
    ['sum', 'BYTES'],
    ['half', 'string(5)'],
  ]);
  const types: LogicalType[] = [mood, { kind: 'decimal' }, { kind: 'integer', bits: 16 }];
  expect(tableStatements(withComputed(types, { chosenTypes }))).toMatchInlineSnapshot(`
    [
      "CREATE TABLE "public"."odd ""name""" (
      "c1" STRING NOT NULL,
      "c2" DECIMAL(10,2),
      "c3" INT
    )",
      "ALTER TABLE "public"."odd ""name""" ADD COLUMN "sum" BYTES NOT NULL GENERATED ALWAYS AS ((c1 / 2)) STORED",
      "ALTER TABLE "public"."odd ""name""" ADD COLUMN "half" string(5) AS ((c1 / 2)) VIRTUAL",
    ]
  `);
});

test('an enum that no column keeps is not created, nor its schema', () => {
  const table = { ...tableOf([mood]), chosenTypes: new Map([['c1', 'STRING']]) };
  expect(enumStatements(table)).toEqual([]);
  expect(schemasOf(table)).toEqual(['public']);
});

test('an enum of a computed column is created', () => {
  const [column] = tableOf([mood]).columns;
  if (column === undefined) throw new Error('one column was made');
  expect(enumStatements({ ...tableOf([]), computedColumns: [column] })).toHaveLength(1);
});

test('a chosen type lets a column through that has no counterpart, and is not said to be kept as text', () => {
  const type: LogicalType = { kind: 'native', name: 'public.hstore' };
  const table = { ...tableOf([type]), chosenTypes: new Map([['c1', 'JSONB']]) };
  expect(createTableStatement(table)).toContain('"c1" JSONB NOT NULL');
  const money = {
    ...tableOf([{ kind: 'native', name: 'money' }]),
    chosenTypes: new Map([['c1', 'DECIMAL']]),
  };
  expect(notCarriedOver(money)).toEqual([]);
});
