import { expect, test } from 'vitest';
import type { Table } from '@tsmolt/core';
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

test('md5 ends or measures each value, and takes 7 bytes of the digest at a time', () => {
  const columns = [
    { name: 'id', type: { kind: 'integer', bits: 32 } },
    { name: 'Raw "bytes"', type: { kind: 'bytes' } },
  ] as const;
  expect(hashStatement({ table, columns, algorithm: 'md5' })).toMatchInlineSnapshot(
    `"SELECT count(*) AS rows, coalesce(sum(((get_byte(h, 0)::INT8 << 48) | (get_byte(h, 1)::INT8 << 40) | (get_byte(h, 2)::INT8 << 32) | (get_byte(h, 3)::INT8 << 24) | (get_byte(h, 4)::INT8 << 16) | (get_byte(h, 5)::INT8 << 8) | (get_byte(h, 6)::INT8 << 0))), 0)::STRING AS first, coalesce(sum(((get_byte(h, 7)::INT8 << 48) | (get_byte(h, 8)::INT8 << 40) | (get_byte(h, 9)::INT8 << 32) | (get_byte(h, 10)::INT8 << 24) | (get_byte(h, 11)::INT8 << 16) | (get_byte(h, 12)::INT8 << 8) | (get_byte(h, 13)::INT8 << 0))), 0)::STRING AS second FROM (SELECT decode(md5(coalesce("id"::STRING, '') || ';' || coalesce(octet_length("Raw ""bytes""")::STRING || ':' || encode("Raw ""bytes""", 'hex'), ':')), 'hex') AS h FROM "public"."t") AS hashed"`,
  );
});

test('no columns make rows that are all alike', () => {
  expect(hashStatement({ table, columns: [], algorithm: 'md5' })).toContain(`decode(md5(''), 'hex')`);
});
