import type { Column, LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { applyDialect } from './apply.js';

const newest = applyDialect(180_000);

const column = (type: LogicalType): Column => ({
  name: 'c',
  type,
  nativeType: '',
  nullable: true,
  generated: false,
  identity: 'never',
  hasDefault: false,
});

const short: LogicalType = { kind: 'domain', schema: 's', name: 'd', base: { kind: 'string', maxLength: 3 } };

test.each<readonly [LogicalType, string]>([
  [{ kind: 'integer', bits: 16 }, 'x::smallint'],
  [{ kind: 'string', maxLength: 3 }, 'x'],
  [short, 'x'],
  [{ kind: 'array', element: short }, 'x::text[]'],
  [{ kind: 'string', maxLength: 3, padded: true }, 'x::bpchar'],
  [{ kind: 'bit', length: 3, varying: false }, 'x::bit varying'],
  [{ kind: 'composite', schema: 's', name: 'C', fields: [] }, 'x::"s"."C"'],
  [{ kind: 'native', name: 'public.geometry(Point,4326)' }, 'x::public.geometry'],
])('a text becomes a value of %j by %s', (type, expression) => {
  expect(newest.fromText('x', column(type))).toBe(expression);
});

test('tables are emptied together, and without those that inherit from them', () => {
  expect(
    newest.truncate([
      { name: { schema: 's', table: 'a' }, partitioned: false },
      { name: { schema: 's', table: 'B' }, partitioned: true },
    ]),
  ).toEqual(['TRUNCATE ONLY "s"."a", "s"."B"']);
});
