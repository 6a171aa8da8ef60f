import type { LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { declaration } from './types.js';

// The left column is MySQL's type, the right one what MOLT's manual makes of it ("Type mapping"), with its size.
test.each<[string, LogicalType, string]>([
  ['TINYINT(1)', { kind: 'integer', bits: 8, boolean: true }, 'BOOL'],
  ['TINYINT', { kind: 'integer', bits: 8 }, 'INT2'],
  ['TINYINT UNSIGNED', { kind: 'integer', bits: 8, unsigned: true }, 'INT2'],
  ['SMALLINT', { kind: 'integer', bits: 16 }, 'INT2'],
  ['SMALLINT UNSIGNED', { kind: 'integer', bits: 16, unsigned: true }, 'INT4'],
  ['MEDIUMINT', { kind: 'integer', bits: 24 }, 'INT4'],
  ['MEDIUMINT UNSIGNED', { kind: 'integer', bits: 24, unsigned: true }, 'INT4'],
  ['INT', { kind: 'integer', bits: 32 }, 'INT4'],
  ['INT UNSIGNED', { kind: 'integer', bits: 32, unsigned: true }, 'INT8'],
  ['BIGINT', { kind: 'integer', bits: 64 }, 'INT8'],
  ['BIGINT UNSIGNED', { kind: 'integer', bits: 64, unsigned: true }, 'DECIMAL(20,0)'],
  ['DECIMAL(65,30)', { kind: 'decimal', precision: 65, scale: 30 }, 'DECIMAL(65,30)'],
  ['FLOAT', { kind: 'float', bits: 32 }, 'FLOAT4'],
  ['DOUBLE', { kind: 'float', bits: 64 }, 'FLOAT8'],
  ['CHAR(4)', { kind: 'string', maxLength: 4 }, 'VARCHAR(4)'],
  ['LONGTEXT', { kind: 'string' }, 'STRING'],
  ['BLOB', { kind: 'bytes' }, 'BYTES'],
  ['JSON', { kind: 'json', document: 'normalized' }, 'JSONB'],
  ['JSON of MariaDB', { kind: 'json', document: 'text' }, 'JSONB'],
  ['DATE', { kind: 'date' }, 'DATE'],
  ['TIME(3)', { kind: 'time', precision: 3, withZone: false }, 'TIME(3)'],
  ['DATETIME', { kind: 'timestamp', precision: 0, withZone: false }, 'TIMESTAMP(0)'],
  ['TIMESTAMP(6)', { kind: 'timestamp', precision: 6, withZone: true }, 'TIMESTAMPTZ(6)'],
  ['BIT(9)', { kind: 'bit', length: 9, varying: true }, 'VARBIT(9)'],
  ['ENUM', { kind: 'enum', schema: 'public', name: 't_e_enum', labels: ['a'] }, '"public"."t_e_enum"'],
  ['UUID', { kind: 'uuid' }, 'UUID'],
  ['INET6', { kind: 'inet' }, 'INET'],
  ['GEOMETRY', { kind: 'native', name: 'geometry' }, 'GEOMETRY'],
  ['POINT', { kind: 'native', name: 'geometry(point)' }, 'GEOMETRY(POINT)'],
  ['a shape of PostGIS', { kind: 'native', name: 'public.geometry(Point,4326)' }, 'GEOMETRY(POINT,4326)'],
  ['VECTOR(3)', { kind: 'native', name: 'vector(3)' }, 'VECTOR(3)'],
  ['a single byte, which beyond ASCII is an octal number', { kind: 'native', name: '"char"' }, 'STRING'],
  ["PostgreSQL's own point", { kind: 'native', name: 'point' }, 'STRING'],
])('%s', (_native, type, expected) => {
  expect(declaration(type)).toBe(expected);
});
