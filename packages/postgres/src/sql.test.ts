import { expect, test } from 'vitest';
import type { Column, Table } from '@tsmolt/core';
import { copyInStatement, selectRange, sessionSettings } from './sql.js';

const column = (name: string, nativeType: string): Column => ({
  name,
  type: { kind: 'string' },
  nativeType,
  nullable: true,
  generated: false,
  identity: 'never',
  hasDefault: false,
});

const table: Table = {
  name: { schema: 'Shop', table: 'odd "name"' },
  columns: [column('id', 'integer'), column('Select', 'text'), column('doc', 'xml')],
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};

test('a session prints values in one way, whatever the role prefers', () => {
  expect(sessionSettings(130_000).split('; ')).toMatchInlineSnapshot(`
    [
      "SET client_encoding = 'UTF8'",
      "SET timezone = 'UTC'",
      "SET datestyle = 'ISO, MDY'",
      "SET intervalstyle = 'postgres'",
      "SET extra_float_digits = '3'",
      "SET bytea_output = 'hex'",
      "SET xmloption = 'content'",
      "SET lc_monetary = 'C'",
      "SET search_path = ''",
      "SET standard_conforming_strings = 'on'",
      "SET row_security = 'off'",
      "SET statement_timeout = '0'",
      "SET lock_timeout = '0'",
      "SET idle_in_transaction_session_timeout = '0'",
    ]
  `);
});

test('from version 14 on the server notices a client that is gone', () => {
  expect(sessionSettings(140_000)).toContain("; SET client_connection_check_interval = '2s'");
});

test('a range of a table is read by name, without the rows of tables that inherit from it', () => {
  expect(
    selectRange(table, ['Select', 'id'], { condition: '"id" < 5' }, { versionNumber: 180_000 }),
  ).toMatchInlineSnapshot(`"SELECT "Select", "id" FROM ONLY "Shop"."odd ""name""" WHERE "id" < 5"`);
});

test('a partitioned table is read through its root', () => {
  expect(
    selectRange({ ...table, partitioned: true }, ['id'], { condition: 'true' }, { versionNumber: 180_000 }),
  ).toMatchInlineSnapshot(`"SELECT "id" FROM "Shop"."odd ""name""" WHERE true"`);
});

test('xml is printed with its declaration', () => {
  expect(
    selectRange(table, ['doc'], { condition: 'true' }, { versionNumber: 180_000 }),
  ).toMatchInlineSnapshot(`"SELECT "doc"::text FROM ONLY "Shop"."odd ""name""" WHERE true"`);
});

test('a table without columns has rows all the same', () => {
  expect(selectRange(table, [], { condition: 'true' }, { versionNumber: 180_000 })).toMatchInlineSnapshot(
    `"SELECT  FROM ONLY "Shop"."odd ""name""" WHERE true"`,
  );
  expect(copyInStatement(table.name, [], 'text')).toMatchInlineSnapshot(
    `"COPY "Shop"."odd ""name""" FROM STDIN (FORMAT text)"`,
  );
});

test('rows are loaded by the names of their columns', () => {
  expect(copyInStatement(table.name, ['id', 'Select'], 'binary')).toMatchInlineSnapshot(
    `"COPY "Shop"."odd ""name""" ("id", "Select") FROM STDIN (FORMAT binary)"`,
  );
});
