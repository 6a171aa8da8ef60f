import { ConnectionUrl } from '@tsmolt/core';
import type { Column, LogicalType, RowRepair, Table } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { castType, PgwireRowRepairer } from './row-repairer.js';
import type { SessionPool } from './session-pool.js';
import { quoteTable } from './sql.js';

const nowhere = ConnectionUrl.parse('postgres://nobody@127.0.0.1/x', '--target');
const number: LogicalType = { kind: 'integer', bits: 32 };
const text: LogicalType = { kind: 'string', maxLength: 3 };

function column(
  name: string,
  type: LogicalType,
  nativeType: string,
  identity: Column['identity'] = 'never',
): Column {
  return { name, type, nativeType, nullable: true, generated: false, identity, hasDefault: false };
}

const id = column('id', number, 'integer', 'always');
const v = column('v "x"', text, 'character varying(3)');
const table: Table = {
  name: { schema: 'public', table: `o'"t` },
  columns: [id, v],
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};

function statement(repair: RowRepair): string {
  return new PgwireRowRepairer({} as SessionPool, nowhere, {
    from: ({ name }) => `ONLY ${quoteTable(name)}`,
    canonicalText: (name) => `${name}::text`,
    overridingIdentity: ' OVERRIDING SYSTEM VALUE',
  }).statement(repair);
}

test('rows are inserted where their key is free', () => {
  expect(
    statement({
      kind: 'insert',
      table,
      wanted: [
        { column: id, type: number, text: '5' },
        { column: v, type: text, text: `it's \\ 😀` },
      ],
    }),
  ).toMatchInlineSnapshot(
    `"INSERT INTO "public"."o'""t" ("id", "v ""x""") OVERRIDING SYSTEM VALUE VALUES ('5'::int8, E'it''s \\\\ 😀'::text) ON CONFLICT DO NOTHING"`,
  );
});

test('rows are changed and deleted where they still hold what was seen', () => {
  const key = [{ column: id, text: '5' }];
  const seen = [{ column: v, text: null }];
  expect(
    statement({ kind: 'update', table, key, seen, wanted: [{ column: v, type: text, text: 'a' }] }),
  ).toMatchInlineSnapshot(
    `"UPDATE ONLY "public"."o'""t" SET "v ""x""" = 'a'::text WHERE "id" = '5' AND "v ""x"""::text IS NOT DISTINCT FROM NULL"`,
  );
  expect(statement({ kind: 'delete', table, key, seen: [{ column: v, text: '' }] })).toMatchInlineSnapshot(
    `"DELETE FROM ONLY "public"."o'""t" WHERE "id" = '5' AND "v ""x"""::text IS NOT DISTINCT FROM ''::text"`,
  );
});

test('a statement is one line that hides nothing, whatever the values are', () => {
  const hostile = `a\nDROP TABLE t; --\r\t\u001b[2J\u202e'\\`;
  const sql = statement({ kind: 'insert', table, wanted: [{ column: v, type: text, text: hostile }] });
  expect(sql).toContain(String.raw`E'a\nDROP TABLE t; --\r\t\u001b[2J\u202e''\\'::text`);
  expect(sql).not.toMatch(/[\p{Cc}\u202e]/u);
});

test.each<[LogicalType, string, string]>([
  [{ kind: 'decimal', precision: 5, scale: 2 }, 'numeric(5,2)', 'numeric'],
  [{ kind: 'string', padded: true, maxLength: 4 }, 'character(4)', 'text'],
  [{ kind: 'bit', varying: false, length: 3 }, 'bit(3)', 'varbit'],
  [{ kind: 'array', element: { kind: 'string', maxLength: 2 } }, 'character varying(2)[]', 'text[]'],
  [{ kind: 'enum', schema: 'app', name: 'Mood', labels: [] }, 'app."Mood"', '"app"."Mood"'],
  [{ kind: 'domain', schema: 'app', name: 'short', base: text }, 'app.short', 'text'],
  [{ kind: 'integer', bits: 64, unsigned: true }, 'numeric', 'numeric'],
  [{ kind: 'native', name: 'int4range' }, 'int4range', 'int4range'],
])('%j is written as it is, without the length that an explicit cast would cut at', (type, native, cast) => {
  expect(castType(type, native)).toBe(cast);
});
