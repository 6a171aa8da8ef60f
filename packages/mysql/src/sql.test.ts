import { expect, test } from 'vitest';
import type { Table } from '@tsmolt/core';
import { hashStatement } from './hash/row-hasher.js';
import { planRow } from './export/csv-row.js';
import { from, quoteIdentifier, quoteText, selectRange } from './sql.js';

const plain = { nullable: true, generated: false, identity: 'never', hasDefault: false } as const;

const table: Table = {
  name: { schema: 'public', table: 'or`ders' },
  columns: [
    { ...plain, name: 'id', type: { kind: 'integer', bits: 64 }, nativeType: 'bigint', nullable: false },
    { ...plain, name: 'note', type: { kind: 'string' }, nativeType: 'text' },
    { ...plain, name: 'f', type: { kind: 'float', bits: 32 }, nativeType: 'float' },
    { ...plain, name: 'day', type: { kind: 'date' }, nativeType: 'date', nullable: false },
    { ...plain, name: 'raw', type: { kind: 'bytes' }, nativeType: 'longblob' },
  ],
  primaryKey: { name: 'PRIMARY', columns: ['id'] },
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: ['id'],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};

const row = { table, columns: ['id', 'note', 'f', 'raw'], unrepresentable: 'reject' } as const;

test('quotes names and texts', () => {
  expect(quoteIdentifier('a`b"c')).toBe('`a``b"c`');
  expect(quoteText(`it's \\ x`)).toBe(`'it''s \\\\ x'`);
  expect(from(table)).toBe('`or``ders`');
});

test('a row is one expression, and NULL is asked of the column', () => {
  expect(planRow({ ...row, format: 'csv', longApart: false }).expressions).toMatchInlineSnapshot(`
    [
      "CONCAT(\`id\`, ',', IF(\`note\` IS NULL, '', CONCAT('"', REPLACE(CAST(CONVERT(\`note\` USING utf8mb4) AS BINARY), '"', '""'), '"')), ',', IF(\`f\` IS NULL, '', (\`f\` * 1e0)), ',', IF(\`raw\` IS NULL, '', CONCAT('\\\\x', LOWER(HEX(\`raw\`)))))",
    ]
  `);
});

test('long values come apart, as they are', () => {
  const plan = planRow({ ...row, format: 'csv-marked-null', longApart: true });
  expect(plan.parts).toEqual(['fields', 'long text', 'fields', 'long bytes']);
  expect(plan.expressions).toEqual([
    'CONCAT(`id`)',
    '`note`',
    "CONCAT(IF(`f` IS NULL, '\\\\N', (`f` * 1e0)))",
    '`raw`',
  ]);
  expect(plan.nullField).toBe('\\N');
});

test('values that no target can hold are reported beside the row', () => {
  const options = { table, columns: ['day'], format: 'csv', longApart: false } as const;
  expect(planRow({ ...options, unrepresentable: 'clamp' }).expressions).toMatchInlineSnapshot(`
    [
      "CONCAT(IF((\`day\` < '0001-01-01' OR MONTH(\`day\`) = 0 OR DAYOFMONTH(\`day\`) = 0 OR (DAYOFMONTH(\`day\`) > 28 AND DAYOFMONTH(\`day\`) > DAYOFMONTH(LAST_DAY(\`day\`)))), CASE WHEN YEAR(\`day\`) = 0 THEN '0001-01-01' WHEN MONTH(\`day\`) = 0 THEN CONCAT(LPAD(YEAR(\`day\`), 4, '0'), '-01-01') WHEN DAYOFMONTH(\`day\`) = 0 THEN CONCAT(LPAD(YEAR(\`day\`), 4, '0'), '-', LPAD(MONTH(\`day\`), 2, '0'), '-01') ELSE CONCAT(LAST_DAY(\`day\`), '') END, CAST(\`day\` AS CHAR)))",
      "NULLIF(CONCAT(IF((\`day\` < '0001-01-01' OR MONTH(\`day\`) = 0 OR DAYOFMONTH(\`day\`) = 0 OR (DAYOFMONTH(\`day\`) > 28 AND DAYOFMONTH(\`day\`) > DAYOFMONTH(LAST_DAY(\`day\`)))), '0,', '')), '')",
    ]
  `);
  // The column may not be NULL: what cannot be held is refused.
  expect(planRow({ ...options, unrepresentable: 'null' }).expressions[1]).toMatch(
    /^CASE WHEN .* THEN CONCAT\('!0\|', .* ELSE NULL END$/,
  );
});

test('text of UTF-8 is sent as its bytes, and of sets with gaps the server says what is none', () => {
  const text = { ...plain, type: { kind: 'string' }, nativeType: 'varchar(9)', nullable: false } as const;
  const columns = [
    { ...text, name: 'u', characterSet: 'utf8mb4' },
    { ...text, name: 'g', characterSet: 'greek' },
    { ...text, name: 'l', characterSet: 'latin1' },
  ];
  const options = { table: { ...table, columns }, format: 'csv', longApart: false } as const;
  const plan = planRow({ ...options, columns: ['u', 'g', 'l'], unrepresentable: 'reject' });
  expect(plan.expressions).toMatchInlineSnapshot(`
    [
      "CONCAT(CONCAT('"', REPLACE(CAST(\`u\` AS BINARY), '"', '""'), '"'), ',', CONCAT('"', REPLACE(CAST(CONVERT(\`g\` USING utf8mb4) AS BINARY), '"', '""'), '"'), ',', CONCAT('"', REPLACE(CAST(CONVERT(\`l\` USING utf8mb4) AS BINARY), '"', '""'), '"'))",
      "CASE WHEN (LOCATE('?', CONVERT(\`g\` USING utf8mb4) COLLATE utf8mb4_bin) > 0 AND CAST(CONVERT(CONVERT(\`g\` USING utf8mb4) COLLATE utf8mb4_bin USING greek) AS BINARY) <> CAST(\`g\` AS BINARY) AND LOCATE('?', CONVERT(REPLACE(\`g\`, '?', '') USING utf8mb4) COLLATE utf8mb4_bin) > 0) THEN CONCAT('!1|', 'bytes that are no text in greek', '|', CONCAT('id=', CONVERT(\`id\` USING utf8mb4) COLLATE utf8mb4_bin)) ELSE NULL END",
    ]
  `);
  expect(planRow({ ...options, columns: ['u', 'l'], unrepresentable: 'null' }).reports).toBe(false);
});

test('a range is read by the key, the whole table is not', () => {
  const whole = { condition: 'true' };
  expect(selectRange(['1'], { table, range: { condition: '`id` < 5' }, filter: 'f > 1' })).toBe(
    'SELECT 1 FROM `or``ders` FORCE INDEX (PRIMARY) WHERE (`id` < 5) AND (f > 1)',
  );
  expect(selectRange(['1'], { table, range: whole })).toBe('SELECT 1 FROM `or``ders` WHERE true');
});

test('a hash is one aggregate, in the form of the other engines', () => {
  const columns = table.columns.filter(({ name }) => name === 'id' || name === 'note');
  expect(hashStatement({ table, columns, algorithm: 'sha256', condition: 'id > 1' })).toMatchInlineSnapshot(
    `"SELECT COUNT(*) AS row_count, COUNT(*) - COUNT(h) AS unhashed, IFNULL(SUM(CAST(CONV(SUBSTR(h, 1, 14), 16, 10) AS UNSIGNED)), 0) AS first_sum, IFNULL(SUM(CAST(CONV(SUBSTR(h, 15, 14), 16, 10) AS UNSIGNED)), 0) AS second_sum FROM (SELECT SHA2(CONCAT(\`id\`, ';', IF(\`note\` IS NULL, ':', CONCAT(CHAR_LENGTH(CONVERT(\`note\` USING utf8mb4) COLLATE utf8mb4_bin), ':', CAST(CONVERT(\`note\` USING utf8mb4) COLLATE utf8mb4_bin AS BINARY)))), 256) AS h FROM \`or\`\`ders\` WHERE id > 1 LIMIT 9007199254740991) AS hashed"`,
  );
});
