import { Secret } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { importRefused } from './import-errors.js';

const table = { schema: 'public', table: 't' };
const files = [
  { name: 'part_1.csv', url: new Secret('s3://b/x/part_1.csv?AWS_SECRET_ACCESS_KEY=secret') },
  { name: 'part_2.csv', url: new Secret('s3://b/x/part_2.csv?AWS_SECRET_ACCESS_KEY=secret') },
];

test.each([
  [
    's3://b/x/part_2.csv?AWS_SECRET_ACCESS_KEY=redacted: error parsing row 3: expected 2 fields, got 3 (row: a,b,c)',
    'importing public.t: part_2.csv, row 3: expected 2 fields, got 3 (row: a,b,c)',
    'TSM4009',
  ],
  [
    'checking for key collisions: ingested key collides with an existing one: /Table/104/1/7/0',
    'importing public.t: one of part_1.csv, part_2.csv: checking for key collisions: ingested key collides with an existing one: /Table/104/1/7/0',
    'TSM4009',
  ],
  [
    's3://b/x/part_1.csv?X=y: error parsing row 1: parse "v" as DATE (row: connection refused)',
    'importing public.t: part_1.csv, row 1: parse "v" as DATE (row: connection refused)',
    'TSM4009',
  ],
  [
    'failed: "http://10.0.0.7:8080/token/other.csv?a=b", gone',
    'importing public.t: one of part_1.csv, part_2.csv: failed: "other.csv", gone',
    'TSM4009',
  ],
  [
    'reading s3://b/x/part_1.csv?AWS_SECRET_ACCESS_KEY=secret: dial tcp 10.0.0.1:443: i/o timeout',
    'importing public.t: part_1.csv: reading part_1.csv: dial tcp 10.0.0.1:443: i/o timeout',
    'TSM6003',
  ],
])('%s', (text, message, code) => {
  expect(importRefused(text, table, files)).toMatchObject({ message, code });
});

test('a long row is cut', () => {
  const text = `error parsing row 1: expected 1 fields, got 2 (row: ${'x'.repeat(10_000)})`;
  expect(importRefused(text, table, files).message.length).toBeLessThan(600);
});
