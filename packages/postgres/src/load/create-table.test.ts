import { expect, test } from 'vitest';
import type { Column, LogicalType, PlannedTable, Table } from '@tsmolt/core';
import { createTableStatement, notCarriedOver, tableStatements, typeDefinitions } from './create-table.js';

const mood: LogicalType = {
  kind: 'enum',
  schema: 'Shop',
  name: 'mo"od',
  labels: ['happy', `so'so`, 'back\\slash'],
};
const address: LogicalType = {
  kind: 'composite',
  schema: 'Shop',
  name: 'address',
  fields: [
    { name: 'Street', type: { kind: 'string', maxLength: 40 } },
    { name: 'mood', type: mood },
  ],
};

/** A column for each type: `c1`, `c2` and so on, the first of them NOT NULL. */
function tableOf(types: readonly LogicalType[], changes: Partial<Table> = {}): Table {
  return {
    name: { schema: 'Shop', table: 'odd "name"' },
    columns: types.map((type, index): Column => ({
      name: `c${index + 1}`,
      type,
      nativeType: type.kind,
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

test('numbers keep their precision, a negative scale included', () => {
  const types: LogicalType[] = [
    { kind: 'integer', bits: 16 },
    { kind: 'integer', bits: 32, unsigned: true },
    { kind: 'integer', bits: 64, unsigned: true },
    { kind: 'decimal' },
    { kind: 'decimal', precision: 12, scale: 3 },
    { kind: 'decimal', precision: 5, scale: -2 },
    { kind: 'float', bits: 32 },
    { kind: 'float', bits: 64 },
  ];
  const table = tableOf(types, { primaryKey: { name: 'k', columns: ['c2', 'c1'] } });
  expect(createTableStatement(table)).toMatchInlineSnapshot(`
    "CREATE TABLE "Shop"."odd ""name""" (
      "c1" smallint NOT NULL,
      "c2" bigint,
      "c3" numeric(20,0),
      "c4" numeric,
      "c5" numeric(12,3),
      "c6" numeric(5,-2),
      "c7" real,
      "c8" double precision,
      PRIMARY KEY ("c2", "c1")
    )"
  `);
});

test('text, times and bits keep their lengths', () => {
  const types: LogicalType[] = [
    { kind: 'string' },
    { kind: 'string', maxLength: 20 },
    { kind: 'string', maxLength: 4, padded: true },
    { kind: 'string', padded: true },
    { kind: 'bytes' },
    { kind: 'time', withZone: true, precision: 3 },
    { kind: 'timestamp', withZone: false },
    { kind: 'timestamp', withZone: true, precision: 0 },
    { kind: 'bit', varying: false, length: 8 },
    { kind: 'bit', varying: true },
    { kind: 'json', document: 'text' },
    { kind: 'json', document: 'normalized' },
  ];
  expect(createTableStatement(tableOf(types))).toMatchInlineSnapshot(`
    "CREATE TABLE "Shop"."odd ""name""" (
      "c1" text NOT NULL,
      "c2" character varying(20),
      "c3" character(4),
      "c4" bpchar,
      "c5" bytea,
      "c6" time(3) with time zone,
      "c7" timestamp,
      "c8" timestamp(0) with time zone,
      "c9" bit(8),
      "c10" bit varying,
      "c11" json,
      "c12" jsonb
    )"
  `);
});

test('types that somebody made are named with their schema, domains by their base', () => {
  const types: LogicalType[] = [
    mood,
    { kind: 'array', element: mood },
    address,
    { kind: 'array', element: { kind: 'array', element: { kind: 'integer', bits: 32 } } },
    { kind: 'domain', schema: 'Shop', name: 'email', base: { kind: 'string', maxLength: 80 } },
    { kind: 'native', name: 'int4range' },
  ];
  expect(createTableStatement(tableOf(types))).toMatchInlineSnapshot(`
    "CREATE TABLE "Shop"."odd ""name""" (
      "c1" "Shop"."mo""od" NOT NULL,
      "c2" "Shop"."mo""od"[],
      "c3" "Shop"."address",
      "c4" integer[][],
      "c5" character varying(80),
      "c6" int4range
    )"
  `);
});

test('a type is created after those it is made of', () => {
  const table = tableOf([{ kind: 'array', element: address }]);
  expect(typeDefinitions(table).map(({ statement }) => statement)).toMatchInlineSnapshot(`
    [
      "CREATE TYPE "Shop"."mo""od" AS ENUM ('happy', 'so''so', E'back\\\\slash')",
      "CREATE TYPE "Shop"."address" AS ("Street" character varying(40), "mood" "Shop"."mo""od")",
    ]
  `);
});

test('what is not carried over is named', () => {
  const table = tableOf([mood, { kind: 'domain', schema: 's', name: 'd', base: mood }], {
    uniqueKeys: [{ name: 'once', columns: ['c1'] }],
    checks: ['positive'],
    foreignKeys: [
      { name: 'of_order', columns: ['c1'], target: { schema: 's', table: 'o' }, targetColumns: ['id'] },
    ],
    partitioned: true,
  });
  expect(notCarriedOver(table)).toMatchInlineSnapshot(`
    [
      "foreign keys of_order",
      "unique keys once",
      "checks positive",
      "partitioning (all rows go into one table)",
      "domain constraints of c2",
    ]
  `);
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
      "CREATE TABLE "Shop"."odd ""name""" (
      "c1" boolean NOT NULL
    )",
      "ALTER TABLE "Shop"."odd ""name""" ADD COLUMN "sum" bigint NOT NULL GENERATED ALWAYS AS ((c1 / 2)) STORED",
      "ALTER TABLE "Shop"."odd ""name""" ADD COLUMN "half" numeric GENERATED ALWAYS AS ((c1 / 2)) STORED",
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
      "CREATE TABLE "Shop"."odd ""name""" (
      "c1" text NOT NULL,
      "c2" DECIMAL(10,2),
      "c3" bigint
    )",
      "ALTER TABLE "Shop"."odd ""name""" ADD COLUMN "sum" bytea NOT NULL GENERATED ALWAYS AS ((c1 / 2)) STORED",
      "ALTER TABLE "Shop"."odd ""name""" ADD COLUMN "half" character varying(5) GENERATED ALWAYS AS ((c1 / 2)) STORED",
    ]
  `);
});

test('a type that no column keeps is not created', () => {
  const table = { ...tableOf([mood]), chosenTypes: new Map([['c1', 'text']]) };
  expect(typeDefinitions(table)).toEqual([]);
});
