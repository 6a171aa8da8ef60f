import { expect, test } from 'vitest';
import type { HashColumn, Table } from '@tsmolt/core';
import { hashStatement } from './hash.js';

const table: Table = {
  name: { schema: 'public', table: 't' },
  columns: [],
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};
const columns: HashColumn[] = [
  { name: 'id', type: { kind: 'integer', bits: 32 } },
  { name: 'Raw "bytes"', type: { kind: 'domain', schema: 's', name: 'd', base: { kind: 'bytes' } } },
];

test('hash-extended hashes the text of a row twice', () => {
  expect(hashStatement({ table, columns, algorithm: 'hash-extended' }, 180_000)).toMatchInlineSnapshot(
    `"SELECT count(*) AS rows, coalesce(sum(hashtextextended(h, 0)), 0)::text AS first, coalesce(sum(hashtextextended(h, 1)), 0)::text AS second FROM (SELECT CASE WHEN clock_timestamp() IS NOT NULL THEN ROW("id", "Raw ""bytes""")::text COLLATE "C" END AS h FROM ONLY "public"."t") AS hashed"`,
  );
});

test('md5 ends or measures each value, and prints bytes as hexadecimal digits', () => {
  expect(hashStatement({ table, columns, algorithm: 'md5' }, 180_000)).toMatchInlineSnapshot(
    `"SELECT count(*) AS rows, coalesce(sum(('x' || substr(h, 1, 14))::bit(56)::bigint), 0)::text AS first, coalesce(sum(('x' || substr(h, 15, 14))::bit(56)::bigint), 0)::text AS second FROM (SELECT CASE WHEN clock_timestamp() IS NOT NULL THEN md5(concat("id", ';', octet_length("Raw ""bytes"""), ':', encode("Raw ""bytes""", 'hex'))) END AS h FROM ONLY "public"."t") AS hashed"`,
  );
});

test('no columns make rows that are all alike', () => {
  expect(hashStatement({ table, columns: [], algorithm: 'md5' }, 180_000)).toMatchInlineSnapshot(
    `"SELECT count(*) AS rows, coalesce(sum(('x' || substr(h, 1, 14))::bit(56)::bigint), 0)::text AS first, coalesce(sum(('x' || substr(h, 15, 14))::bit(56)::bigint), 0)::text AS second FROM (SELECT CASE WHEN clock_timestamp() IS NOT NULL THEN md5('') END AS h FROM ONLY "public"."t") AS hashed"`,
  );
});

test('more columns than a function takes are concatenated in groups', () => {
  const many = Array.from({ length: 201 }, (_, index): HashColumn => ({
    name: `c${index}`,
    type: { kind: 'uuid' },
  }));
  const sql = hashStatement({ table, columns: many, algorithm: 'md5' }, 180_000);
  expect(sql.match(/concat\(/g)).toHaveLength(6);
  expect(sql.match(/, ';'/g)).toHaveLength(201);
});
