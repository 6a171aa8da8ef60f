import type { Column, LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { applyDialect, checkedCast } from './apply.js';

function column(type: LogicalType, collation?: string): Column {
  return {
    name: 'c',
    type,
    nativeType: '',
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
    ...(collation === undefined ? {} : { collation }),
  };
}

const mood: LogicalType = { kind: 'enum', schema: 'public', name: 'mood', labels: [] };

test.each<readonly [LogicalType, string]>([
  [{ kind: 'integer', bits: 32 }, 'x::INT4'],
  [{ kind: 'string', maxLength: 3 }, 'x'],
  [{ kind: 'string', maxLength: 3, padded: true }, 'x::BPCHAR'],
  [{ kind: 'decimal', precision: 10, scale: 2 }, 'x::DECIMAL'],
  [{ kind: 'timestamp', precision: 3, withZone: true }, 'x::TIMESTAMPTZ'],
  [{ kind: 'bytes' }, 'x::BYTES'],
  [{ kind: 'bit', length: 3, varying: false }, 'x::VARBIT'],
  [mood, 'x::"public"."mood"'],
  [{ kind: 'array', element: mood }, 'x::STRING[]::"public"."mood"[]'],
  [{ kind: 'array', element: { kind: 'integer', bits: 64 } }, 'x::INT8[]'],
  [{ kind: 'native', name: 'GEOMETRY(POINT,4326)' }, 'x::GEOMETRY'],
  [{ kind: 'native', name: 'TSVECTOR' }, 'x::TSVECTOR'],
  [
    { kind: 'native', name: '"char"' },
    'CASE WHEN char_length(x) > 1 THEN x::INT8::STRING ELSE x END::"char"',
  ],
])('a text becomes a value of %j by %s', (type, expression) => {
  expect(applyDialect.fromText('x', column(type))).toBe(expression);
});

test('a repair writes no text into a single byte that a cast would cut', () => {
  const byte = column({ kind: 'native', name: '"char"' });
  expect(checkedCast('x', byte)).toBe(applyDialect.fromText('x', byte));
  expect(checkedCast('x', column({ kind: 'native', name: 'TSVECTOR' }))).toBeUndefined();
});

test('a text takes the collation of its column', () => {
  expect(applyDialect.fromText('x', column({ kind: 'string' }, 'de'))).toBe('(x COLLATE "de")');
});

test('tables are emptied by DELETE: TRUNCATE would commit the transaction', () => {
  expect(
    applyDialect.truncate([
      { name: { schema: 's', table: 'a' }, partitioned: false },
      { name: { schema: 's', table: 'b' }, partitioned: false },
    ]),
  ).toEqual(['DELETE FROM "s"."a"', 'DELETE FROM "s"."b"']);
});
