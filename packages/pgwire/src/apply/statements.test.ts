import type { Column, Table } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { quoteTable } from '../sql.js';
import { withoutModifiers } from './apply-dialect.js';
import type { ApplyDialect } from './apply-dialect.js';
import { applyStatement } from './statements.js';

const column = (name: string, more: Partial<Column> = {}): Column => ({
  name,
  type: { kind: 'integer', bits: 64 },
  nativeType: 'bigint',
  nullable: true,
  generated: false,
  identity: 'never',
  hasDefault: false,
  ...more,
});

const table = (columns: readonly Column[], key: readonly string[] = ['id']): Table => ({
  name: { schema: 's', table: 't' },
  columns,
  primaryKey: { name: 't_pkey', columns: key },
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
});

const dialect: ApplyDialect = {
  writable: ({ name }) => `ONLY ${quoteTable(name)}`,
  fromText: (expression, { nativeType }) => `${expression}::${nativeType}`,
  insertsIdentity: true,
  wholeRowVerb: 'INSERT',
  copiesFreshRows: () => true,
  truncate: () => [],
};

const plain = table([column('id'), column('a'), column('B "b"')]);
const rows = '(SELECT unnest($1::TEXT[]) AS c1, unnest($2::TEXT[]) AS c2) AS r';

describe('statements', () => {
  test('that insert or overwrite', () => {
    expect(applyStatement('upsert', { table: plain, columns: ['id', 'B "b"'], key: ['id'] }, dialect)).toBe(
      `INSERT INTO "s"."t" ("id", "B ""b""") SELECT r.c1::bigint, r.c2::bigint FROM ${rows} ` +
        `ON CONFLICT ("id") DO UPDATE SET "B ""b""" = excluded."B ""b"""`,
    );
  });

  test('that insert values into an identity', () => {
    const always = table([column('id', { identity: 'always' }), column('a')]);
    expect(applyStatement('upsert', { table: always, columns: ['id', 'a'], key: ['id'] }, dialect)).toContain(
      'INSERT INTO "s"."t" ("id", "a") OVERRIDING SYSTEM VALUE SELECT',
    );
  });

  test('that update, and find rows by their key', () => {
    expect(applyStatement('update', { table: plain, columns: ['a', 'id'], key: ['id'] }, dialect)).toBe(
      `UPDATE ONLY "s"."t" AS t SET "a" = r.c1::bigint FROM ${rows} WHERE t."id" = r.c2::bigint`,
    );
  });

  test('that give another key, and find the row by the old one', () => {
    expect(applyStatement('rekey', { table: plain, columns: ['id'], key: ['id'] }, dialect)).toBe(
      `UPDATE ONLY "s"."t" AS t SET "id" = r.c1::bigint FROM ${rows} WHERE t."id" = r.c2::bigint`,
    );
  });

  test('that delete by a key of several columns', () => {
    expect(applyStatement('delete', { table: plain, columns: ['a', 'id'], key: ['id', 'a'] }, dialect)).toBe(
      `DELETE FROM ONLY "s"."t" AS t USING ${rows} WHERE t."id" = r.c2::bigint AND t."a" = r.c1::bigint`,
    );
  });

  test('that write whole rows by the primary key, where a verb for that is cheaper', () => {
    const upserting: ApplyDialect = { ...dialect, wholeRowVerb: 'UPSERT' };
    const two = table([column('id'), column('a'), column('g', { generated: true })]);
    const whole = { table: two, columns: ['a', 'id'], key: ['id'] };
    expect(applyStatement('upsert', whole, upserting)).toMatch(
      /^UPSERT INTO "s"."t" \("a", "id"\) SELECT [^;]* AS r$/,
    );
    expect(applyStatement('upsert', { ...whole, key: ['a'] }, upserting)).toMatch(
      /^INSERT .* ON CONFLICT \("a"\)/,
    );
    expect(applyStatement('upsert', { ...whole, columns: ['id'] }, upserting)).toMatch(
      /^INSERT .* DO NOTHING$/,
    );
  });

  test('without a key find no rows', () => {
    const shape = { table: plain, columns: ['a'], key: [] };
    expect(applyStatement('upsert', shape, dialect)).not.toContain('ON CONFLICT');
    expect(() => applyStatement('update', shape, dialect)).toThrow('s.t has no key');
    expect(() => applyStatement('delete', shape, dialect)).toThrow('s.t has no key');
  });

  test.each([
    ['upsert', true, true],
    ['upsert', false, false],
    ['update', false, true],
    ['rekey', true, false],
    ['delete', false, true],
  ] as const)('%s with an identity as key, where %s can be inserted: %s', (verb, insertsIdentity, works) => {
    const always = table([column('id', { identity: 'always' })]);
    const compose = (): string =>
      applyStatement(verb, { table: always, columns: ['id'], key: ['id'] }, { ...dialect, insertsIdentity });
    const outcome = ((): string => {
      try {
        return compose() === '' ? 'nothing' : 'works';
      } catch (thrown) {
        return (thrown as { code: string }).code;
      }
    })();
    expect(outcome).toBe(works ? 'works' : 'TSM7005');
  });
});

test.each([
  [{ kind: 'string', maxLength: 3 }, { kind: 'string' }],
  [
    { kind: 'string', maxLength: 3, padded: true },
    { kind: 'string', padded: true },
  ],
  [
    { kind: 'bit', length: 3, varying: false },
    { kind: 'bit', varying: true },
  ],
  [{ kind: 'decimal', precision: 4, scale: 2 }, { kind: 'decimal' }],
  [
    { kind: 'timestamp', precision: 3, withZone: true },
    { kind: 'timestamp', withZone: true },
  ],
  [
    { kind: 'native', name: 'geometry(Point,4326)' },
    { kind: 'native', name: 'geometry' },
  ],
  [
    { kind: 'array', element: { kind: 'string', maxLength: 3 } },
    { kind: 'array', element: { kind: 'string' } },
  ],
  [{ kind: 'domain', schema: 's', name: 'd', base: { kind: 'string', maxLength: 3 } }, { kind: 'string' }],
] as const)('%j without what an explicit cast would cut by: %j', (type, bare) => {
  expect(withoutModifiers(type)).toEqual(bare);
});
