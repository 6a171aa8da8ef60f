import { expect, test } from 'vitest';
import type { LogicalType } from '@tsmolt/core';
import { applyDialect, checkedCast } from '../apply.js';
import { charValue, heldChar } from './one-byte-char.js';

const char: LogicalType = { kind: 'native', name: '"char"' };
const fields = [{ name: 'f', type: char }];

test.each<readonly [string, LogicalType, 'itself' | 'inside' | undefined]>([
  ['it', char, 'itself'],
  ['a domain over it', { kind: 'domain', schema: 's', name: 'd', base: char }, 'itself'],
  ['an array of it', { kind: 'array', element: char }, 'inside'],
  ['a composite with it', { kind: 'composite', schema: 's', name: 'c', fields }, 'inside'],
  ['an array of another type', { kind: 'array', element: { kind: 'string' } }, undefined],
  ['another type', { kind: 'native', name: 'money' }, undefined],
])('%s', (_, type, expected) => {
  expect(heldChar(type)).toBe(expected);
});

const column = (type: LogicalType) =>
  ({
    name: 'c',
    type,
    nativeType: '',
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
  }) as const;

test('before version 16 an octal form becomes its byte, and is refused inside of another value', () => {
  const old = applyDialect(150_000);
  expect(old.fromText('x', column(char))).toMatchInlineSnapshot(
    `"CASE WHEN x ~ '^\\\\[23][0-7]{2}$' THEN (substr(x, 2, 1)::int * 64 + substr(x, 3, 1)::int * 8 + substr(x, 4, 1)::int - 256)::"char" ELSE x::"char" END"`,
  );
  expect(old.fromText('x', column({ kind: 'array', element: char }))).toMatchInlineSnapshot(
    `"CASE WHEN x ~ '\\\\[23][0-7]{2}' THEN x::int::text ELSE x END::"char"[]"`,
  );
  expect(applyDialect(160_000).fromText('x', column(char))).toBe('x::"char"');
});

test('a literal of an octal form is the number of its byte; inside of another value a server before 16 is to refuse it', () => {
  expect([String.raw`\377`, String.raw`\200`, '\\', 'a', '', String.raw`\077`].map(charValue)).toEqual([
    '(-1)::"char"',
    '(-128)::"char"',
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  const array = column({ kind: 'array', element: char });
  expect(checkedCast('x', array, 150_000)).toBe(applyDialect(150_000).fromText('x', array));
  expect(checkedCast('x', array, 160_000)).toBeUndefined();
  expect(checkedCast('x', column(char), 150_000)).toBeUndefined();
});
