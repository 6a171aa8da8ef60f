import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readRowFilters } from './row-filters.js';
import { readTransformations } from './transformations.js';
import { readTypeMap } from './type-map.js';

let folder = '';
let path = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-config-'));
  path = join(folder, 'file.json');
});
afterAll(() => rm(folder, { recursive: true }));

async function file(content: unknown): Promise<string> {
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

/** The message without the path of the file. */
async function refusal(reading: Promise<unknown>): Promise<string> {
  const thrown: unknown = await reading.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toMatchObject({ code: 'TSM1006', advice: expect.any(String) });
  return (thrown as Error).message.replaceAll(path, 'FILE');
}

describe('transformations', () => {
  test('of every kind are read, with compiled patterns and their places', async () => {
    const rules = await readTransformations(
      await file({
        transforms: [
          {
            id: 1,
            resource_specifier: { schema: '.*', table: '.*' },
            column_exclusion_opts: { add_computed_def: true, column: '^full_name$' },
          },
          {
            id: 2,
            resource_specifier: { schema: 'public', table: 'invoices_p.*' },
            table_rename_opts: { value: 'invoices' },
          },
          { id: 3, resource_specifier: { schema: 'old_shop' }, schema_rename_opts: { value: 'shop' } },
        ],
      }),
    );
    expect(rules.map(({ schema: _s, table: _t, ...rest }) => rest)).toEqual([
      {
        place: `${path}, transforms[0]`,
        columnExclusion: { column: expect.any(RegExp), addComputedDefinition: true },
      },
      { place: `${path}, transforms[1]`, renameTable: 'invoices' },
      { place: `${path}, transforms[2]`, renameSchema: 'shop' },
    ]);
    expect(rules[1]?.table.test('invoices_p2')).toBe(true);
    expect(rules[1]?.table.test('orders')).toBe(false);
    expect(rules[2]?.table.test('whatever')).toBe(true);
    expect(rules[0]?.columnExclusion?.column.test('full_name2')).toBe(false);
  });

  test('may rename table and schema in one rule, and exclude without computing', async () => {
    const [rule] = await readTransformations(
      await file({
        transforms: [
          {
            resource_specifier: { schema: 'public', table: 't' },
            table_rename_opts: { value: 't2' },
            schema_rename_opts: { value: 'public2' },
            column_exclusion_opts: { column: 'x' },
          },
        ],
      }),
    );
    expect(rule).toMatchObject({
      renameTable: 't2',
      renameSchema: 'public2',
      columnExclusion: { addComputedDefinition: false },
    });
  });

  const specifier = { resource_specifier: { schema: 'public' } };
  test.each<[string, unknown, string]>([
    ['the wrong thing', [], 'FILE, found an array of 0, expected an object'],
    ['nothing', {}, 'FILE, transforms: found nothing, expected an array'],
    [
      'a value of another type',
      { transforms: [specifierWith({ table_rename_opts: { value: 42 } })] },
      'FILE, transforms[0].table_rename_opts.value: found 42, expected a string',
    ],
    [
      'an id of another type',
      { transforms: [specifierWith({ id: true, table_rename_opts: { value: 'x' } })] },
      'FILE, transforms[0].id: found true, expected a number or a string',
    ],
    [
      'an empty name',
      { transforms: [specifierWith({ table_rename_opts: { value: '' } })] },
      'FILE, transforms[0].table_rename_opts.value: found "", expected a string that is not empty',
    ],
    [
      'an unknown key',
      { transforms: [specifierWith({ table_rename_opts: { valeu: 'x' } })] },
      'FILE, transforms[0].table_rename_opts.value: found nothing, expected a string; transforms[0].table_rename_opts: unknown key "valeu", expected value',
    ],
    [
      'a rule that does nothing',
      { transforms: [specifier] },
      'FILE, transforms[0]: found no transformation, expected column_exclusion_opts, table_rename_opts or schema_rename_opts',
    ],
    [
      'a pattern that is none',
      { transforms: [{ resource_specifier: { schema: 'a(' }, schema_rename_opts: { value: 'b' } }] },
      'FILE, transforms[0].resource_specifier.schema "a(", character',
    ],
    [
      'a pattern of columns that is none',
      { transforms: [specifierWith({ column_exclusion_opts: { column: '[' } })] },
      'FILE, transforms[0].column_exclusion_opts.column "[", character',
    ],
  ])('with %s are refused', async (_what, content, message) => {
    expect(await refusal(readTransformations(await file(content)))).toContain(message);
  });
});

function specifierWith(changes: object): object {
  return { resource_specifier: { schema: 'public' }, ...changes };
}

describe('a type map', () => {
  const mapped = (crdbType: unknown, table = 'shop.orders'): unknown => [
    { table, column_type_map: [{ column: '*', source_type: 'int', crdb_type: crdbType }] },
  ];

  test('is read with the places of its mappings', async () => {
    const content = [
      {
        table: 'shop.orders',
        column_type_map: [
          { column: '*', source_type: 'int', crdb_type: 'INT2' },
          { column: 'label', source_type: 'varbit', crdb_type: 'string' },
        ],
      },
    ];
    expect(await readTypeMap(await file(content))).toEqual([
      {
        place: `${path}, [0]`,
        table: 'shop.orders',
        columns: [
          { place: `${path}, [0].column_type_map[0]`, column: '*', sourceType: 'int', targetType: 'INT2' },
          {
            place: `${path}, [0].column_type_map[1]`,
            column: 'label',
            sourceType: 'varbit',
            targetType: 'string',
          },
        ],
      },
    ]);
  });

  test.each<[string, unknown, string]>([
    ['an object', {}, 'FILE, found an object, expected an array'],
    [
      'a table without schema',
      mapped('INT2', 'orders'),
      'FILE, [0].table: found "orders", expected {schema}.{table}',
    ],
    [
      'more than a type',
      mapped('INT2 DEFAULT 1'),
      'FILE, [0].column_type_map[0].crdb_type: found "INT2 DEFAULT 1", expected a type such as',
    ],
    ['another statement', mapped('INT2); DROP TABLE x; --'), '[0].column_type_map[0].crdb_type: found'],
    ['a number', mapped(2), '[0].column_type_map[0].crdb_type: found 2, expected a string'],
  ])('with %s is refused', async (_what, content, message) => {
    expect(await refusal(readTypeMap(await file(content)))).toContain(message);
  });
});

describe('row filters', () => {
  const entry = (conditions: object): unknown => ({
    filters: [{ resource_specifier: { schema: 'shop', table: 'orders' }, ...conditions }],
  });

  test('are read', async () => {
    expect(await readRowFilters(await file(entry({ expr: 'total > 100' })))).toEqual([
      { place: `${path}, filters[0]`, schema: 'shop', table: 'orders', expression: 'total > 100' },
    ]);
  });

  test("with a condition for each side give the source's", async () => {
    const content = entry({ source_expr: 'id BETWEEN 1 AND 3', target_expr: 'id < 4' });
    expect(await readRowFilters(await file(content))).toMatchObject([{ expression: 'id BETWEEN 1 AND 3' }]);
  });

  test.each<[string, object, string]>([
    [
      'no condition',
      {},
      'FILE, filters[0]: found no condition, expected expr, or source_expr with target_expr',
    ],
    [
      'an empty condition',
      { expr: '' },
      'FILE, filters[0].expr: found "", expected a string that is not empty',
    ],
    ['one of two', { source_expr: 'a' }, 'FILE, filters[0]: found one of source_expr and target_expr'],
    [
      'both kinds',
      { expr: 'a', source_expr: 'b', target_expr: 'c' },
      'FILE, filters[0]: found both kinds of condition',
    ],
  ])('with %s are refused', async (_what, conditions, message) => {
    expect(await refusal(readRowFilters(await file(entry(conditions))))).toContain(message);
  });

  test('have to name a table', async () => {
    const content = { filters: [{ resource_specifier: { schema: 'shop' }, expr: 'x' }] };
    expect(await refusal(readRowFilters(await file(content)))).toBe(
      'FILE, filters[0].resource_specifier.table: found nothing, expected a string',
    );
  });
});

describe('a file', () => {
  test.each<[string, string]>([
    [
      '{\n  "transforms": [\n    {,}\n  ]\n}',
      'FILE, line 3, column 6: found ",", expected a key in double quotes',
    ],
    ['{"transforms": []', 'FILE, line 1, column 18: found the end of the file, expected "," or "}"'],
    ['', 'FILE, line 1, column 1: found the end of the file, expected a value'],
    ['{}\n// done', 'FILE, line 2, column 1: found "/", expected the end of the file'],
    ["{'a': 1}", 'FILE, line 1, column 2: found "\'", expected a key in double quotes'],
    ['{"a" 1}', 'FILE, line 1, column 6: found "1", expected ":"'],
    ['{"a": [1, ]}', 'FILE, line 1, column 11: found "]", expected a value'],
    ['{"a": "b\tc"}', 'FILE, line 1, column 7: found "\\"", expected a value'],
    ['{"a": -}', 'FILE, line 1, column 7: found "-", expected a value'],
  ])('%j is no JSON, and the place is named', async (content, message) => {
    expect(await refusal(readTransformations(await file(content)))).toBe(message);
  });

  test('may begin with a byte order mark', async () => {
    expect(await readTransformations(await file('\uFEFF{"transforms": []}'))).toEqual([]);
  });

  test('that cannot be read is named with its flag', async () => {
    const missing = join(folder, 'missing.json');
    await expect(readRowFilters(missing)).rejects.toMatchObject({
      code: 'TSM1006',
      message: expect.stringContaining(`${missing} cannot be read: ENOENT`),
      advice: 'Give the path of a readable JSON file to --filter-path.',
    });
  });
});
