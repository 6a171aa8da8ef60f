import type { LogicalType } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { declaration } from './types.js';

// The left column is MySQL's type; the right one follows MOLT's manual ("Type mapping") in PostgreSQL's names.
test.each<[string, LogicalType, string]>([
  ['TINYINT(1)', { kind: 'integer', bits: 8, boolean: true }, 'boolean'],
  ['TINYINT', { kind: 'integer', bits: 8 }, 'smallint'],
  ['TINYINT UNSIGNED', { kind: 'integer', bits: 8, unsigned: true }, 'smallint'],
  ['SMALLINT', { kind: 'integer', bits: 16 }, 'smallint'],
  ['SMALLINT UNSIGNED', { kind: 'integer', bits: 16, unsigned: true }, 'integer'],
  ['MEDIUMINT', { kind: 'integer', bits: 24 }, 'integer'],
  ['MEDIUMINT UNSIGNED', { kind: 'integer', bits: 24, unsigned: true }, 'integer'],
  ['INT', { kind: 'integer', bits: 32 }, 'integer'],
  ['INT UNSIGNED', { kind: 'integer', bits: 32, unsigned: true }, 'bigint'],
  ['BIGINT', { kind: 'integer', bits: 64 }, 'bigint'],
  ['BIGINT UNSIGNED', { kind: 'integer', bits: 64, unsigned: true }, 'numeric(20,0)'],
  ['DECIMAL(65,30)', { kind: 'decimal', precision: 65, scale: 30 }, 'numeric(65,30)'],
  ['FLOAT', { kind: 'float', bits: 32 }, 'real'],
  ['DOUBLE', { kind: 'float', bits: 64 }, 'double precision'],
  ['CHAR(4)', { kind: 'string', maxLength: 4 }, 'character varying(4)'],
  ['LONGTEXT', { kind: 'string' }, 'text'],
  ['BLOB', { kind: 'bytes' }, 'bytea'],
  ['JSON', { kind: 'json', document: 'normalized' }, 'jsonb'],
  ['JSON of MariaDB', { kind: 'json', document: 'text' }, 'json'],
  ['DATE', { kind: 'date' }, 'date'],
  ['TIME(3)', { kind: 'time', precision: 3, withZone: false }, 'time(3)'],
  ['DATETIME', { kind: 'timestamp', precision: 0, withZone: false }, 'timestamp(0)'],
  ['TIMESTAMP(6)', { kind: 'timestamp', precision: 6, withZone: true }, 'timestamp(6) with time zone'],
  ['BIT(9)', { kind: 'bit', length: 9, varying: true }, 'bit varying(9)'],
  ['ENUM', { kind: 'enum', schema: 'public', name: 't_e_enum', labels: ['a'] }, '"public"."t_e_enum"'],
  ['UUID', { kind: 'uuid' }, 'uuid'],
  ['INET6', { kind: 'inet' }, 'inet'],
  ['GEOMETRY', { kind: 'native', name: 'geometry' }, 'geometry'],
  ['POINT', { kind: 'native', name: 'geometry(point)' }, 'geometry(point)'],
  ['VECTOR(3)', { kind: 'native', name: 'vector(3)' }, 'vector(3)'],
])('%s', (_native, type, expected) => {
  expect(declaration(type)).toBe(expected);
});
