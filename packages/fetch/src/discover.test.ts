import { ConnectionUrl, createLogger, nameFilter } from '@tsmolt/core';
import type { Column, Database, LogicalType, Table } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { discover } from './discover.js';
import type { Discovery } from './discover.js';
import type { FetchOptions } from './options.js';
import { prepareTarget } from './prepare-target.js';

const int: LogicalType = { kind: 'integer', bits: 32 };

function column(name: string, changes: Partial<Column> = {}): Column {
  return {
    name,
    type: int,
    nativeType: 'integer',
    nullable: false,
    generated: false,
    identity: 'never',
    hasDefault: false,
    ...changes,
  };
}

function table(name: string, changes: Partial<Table> = {}): Table {
  return {
    name: { schema: 'public', table: name },
    columns: [column('id'), column('v')],
    primaryKey: { name: 'k', columns: ['id'] },
    uniqueKeys: [],
    foreignKeys: [],
    checks: [],
    indexedColumns: [],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
    ...changes,
  };
}

function withoutKey(one: Table): Table {
  const { primaryKey: _key, ...rest } = one;
  return rest;
}

interface Run {
  readonly options: FetchOptions;
  readonly lines: readonly Record<string, unknown>[];
  /** What the target was made to do. */
  readonly actions: readonly string[];
}

/** A run between two databases that exist as catalogs only. Tables that are created appear in the target's. */
function run(source: readonly Table[], target: readonly Table[], changes: Partial<FetchOptions> = {}): Run {
  const lines: Record<string, unknown>[] = [];
  const actions: string[] = [];
  const standing = [...target];
  const names = (tables: readonly { readonly table: string }[]): string =>
    tables.map((name) => name.table).join(' ');
  const act = (action: string): Promise<void> => Promise.resolve(void actions.push(action));
  const database = (tables: readonly Table[]): Database => ({
    url: ConnectionUrl.parse('postgres://somebody@host/db', '--source'),
    product: 'Catalog 1.0',
    catalog: { tables: () => Promise.resolve([...tables]) },
    close: () => Promise.resolve(),
  });
  const bulkTarget: Partial<Database['bulkTarget']> = {
    planTables: (planned) => {
      standing.push(...planned);
      return Promise.resolve(
        planned.map(({ name }) => ({ name, statements: [`CREATE ${name.table}`], notCarriedOver: [] })),
      );
    },
    createTables: (definitions) => act(`create ${names(definitions.map(({ name }) => name))}`),
    dropTables: (dropped) => act(`drop ${names(dropped)}`),
    truncateTables: (emptied) => act(`truncate ${names(emptied)}`),
  };
  const options = {
    mode: 'data-load',
    source: database(source),
    target: { ...database(standing), bulkTarget },
    filter: nameFilter({}),
    caseSensitive: false,
    skipPrimaryKeyCheck: false,
    tableHandling: 'none',
    route: { kind: 'direct' },
    logger: createLogger('debug', {
      write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>),
    }),
    confirm: () => Promise.resolve(true),
    ...changes,
  } as FetchOptions;
  return { options, lines, actions };
}

const pairNames = (discovery: Discovery): string[] =>
  discovery.pairs.map(({ source, target }) => `${source.name.table} -> ${target.name.table}`);

const anywhere = { schema: /./, table: /./ };

describe('without configuration', () => {
  test('tables of the same name are paired, and the others of the target left alone', async () => {
    const { options, lines } = run([table('a'), table('b')], [table('b'), table('c'), table('a')]);
    const discovery = await discover(options);
    expect(pairNames(discovery)).toEqual(['a -> a', 'b -> b']);
    expect(discovery).toMatchObject({
      skipped: [],
      planned: [],
      plans: [{ computed: [] }, { computed: [] }],
    });
    expect(lines).toEqual([]);
  });

  test('a failable mismatch is logged as such and ends the run; another one is only logged', async () => {
    const more = table('a', { columns: [column('id'), column('v', { nullable: true })] });
    const fine = run([table('a')], [more]);
    await discover(fine.options);
    expect(fine.lines).toMatchObject([
      {
        level: 'warn',
        table: 'public.a',
        column: 'v',
        mismatch_tag: 'nullability mismatch',
        failable_mismatch: false,
      },
    ]);
    const failing = run([more], [table('a')]);
    await expect(discover(failing.options)).rejects.toMatchObject({ code: 'TSM3003' });
    expect(failing.lines).toMatchObject([{ level: 'error', failable_mismatch: true }]);
  });

  test('nothing to move and nothing to read are errors', async () => {
    await expect(discover(run([], []).options)).rejects.toMatchObject({ code: 'TSM3005' });
    await expect(discover(run([table('a', { readable: false })], []).options)).rejects.toMatchObject({
      code: 'TSM3001',
      message: 'user "somebody" may not read public.a on the source',
    });
  });

  test('an export alone does not ask for a target', async () => {
    const { options } = run([table('a')], [], { mode: 'export-only' });
    const { target: _target, ...withoutTarget } = options;
    const discovery = await discover(withoutTarget as FetchOptions);
    expect(discovery.sourceTables.map(({ name }) => name.table)).toEqual(['a']);
    expect(discovery.plans).toHaveLength(1);
  });
});

describe('tables that cannot be migrated', () => {
  const text = (collation?: string): Column =>
    column('id', { type: { kind: 'string' }, ...(collation === undefined ? {} : { collation }) });
  const source = [
    table('good'),
    withoutKey(table('keyless')),
    table('folded', { columns: [text('utf8mb4_0900_ai_ci'), column('v', { nullable: true })] }),
  ];
  const target = [table('good'), table('keyless'), table('folded', { columns: [text(), column('v')] })];

  test('end the run', async () => {
    await expect(discover(run(source, target).options)).rejects.toMatchObject({
      code: 'TSM3003',
      message: expect.stringContaining('public.keyless has no primary key on the source (and 2 more'),
    });
  });

  test('are left out and named where that is wanted, whatever else is the matter with them', async () => {
    const { options, lines } = run(source, target, { skipUnmigratableTables: true });
    const discovery = await discover(options);
    expect(pairNames(discovery)).toEqual(['good -> good']);
    expect(discovery.sourceTables.map(({ name }) => name.table)).toEqual(['good']);
    expect(discovery.plans).toHaveLength(1);
    expect(discovery.targetTables.map(({ name }) => name.table)).toEqual(['good']);
    expect(discovery.skipped.map((name) => name.table)).toEqual(['keyless', 'folded']);
    expect(lines.every((line) => line['level'] === 'warn' && line['skipped'] === true)).toBe(true);
    expect(lines.map((line) => line['mismatch_tag'])).toEqual([
      'missing primary key',
      'collation mismatch',
      'nullability mismatch',
    ]);
  });

  test('are no reason to skip one that differs in another way', async () => {
    const other = table('good', { columns: [column('id')] });
    const { options } = run(source, [other, ...target.slice(1)], { skipUnmigratableTables: true });
    await expect(discover(options)).rejects.toThrow('public.good.v (integer) does not exist on the target');
  });

  test('are an error where no other is left', async () => {
    const { options } = run(source.slice(1), target, { skipUnmigratableTables: true });
    await expect(discover(options)).rejects.toMatchObject({
      code: 'TSM3005',
      message: 'no table is left to move: public.keyless, public.folded cannot be migrated',
    });
  });
});

describe('transformations', () => {
  const renaming = { ...anywhere, place: 'rules.json, transforms[0]', renameTable: 'whole' };
  const parts = [table('part1'), table('part2')];

  test('send several tables into one, which is emptied once', async () => {
    const { options, actions } = run(parts, [table('whole')], {
      transformations: [renaming],
      tableHandling: 'truncate-if-exists',
    });
    const discovery = await discover(options);
    expect(pairNames(discovery)).toEqual(['part1 -> whole', 'part2 -> whole']);
    const pairs = await prepareTarget(options, discovery);
    expect(pairs).toBe(discovery.pairs);
    expect(actions).toEqual(['truncate whole']);
  });

  test.each<[string, Partial<FetchOptions>]>([
    ['a table that is created', { tableHandling: 'drop-on-target-and-recreate' }],
    ['IMPORT INTO', { route: { kind: 'files', load: 'import' } as FetchOptions['route'] }],
  ])('cannot send several tables into %s', async (_what, changes) => {
    const { options } = run(parts, [table('whole')], { ...changes, transformations: [renaming] });
    await expect(discover(options)).rejects.toMatchObject({ code: 'TSM1001' });
  });

  test('that concern nothing are said', async () => {
    const rule = { ...renaming, table: /nothing/ };
    const { options, lines } = run([table('a')], [table('a')], { transformations: [rule] });
    await discover(options);
    expect(lines).toMatchObject([
      { level: 'warn', message: 'rules.json, transforms[0] concerns no table or column of this run' },
    ]);
  });

  test('name the table that is dropped and created, and the columns that it gets', async () => {
    const sum = column('sum', { generated: true, generation: { expression: 'id + v', stored: true } });
    const source = table('old', { columns: [column('id'), column('v'), sum] });
    const { options, lines, actions } = run([source], [table('NEW')], {
      tableHandling: 'drop-on-target-and-recreate',
      transformations: [
        { ...anywhere, place: 'p', renameTable: 'new' },
        { ...anywhere, place: 'q', columnExclusion: { column: /sum/, addComputedDefinition: true } },
      ],
    });
    const discovery = await discover(options);
    expect(discovery.planned).toMatchObject([
      {
        name: { table: 'new' },
        columns: [{ name: 'id' }, { name: 'v' }],
        computedColumns: [{ name: 'sum' }],
      },
    ]);
    const [pair] = await prepareTarget(options, discovery);
    expect(actions).toEqual(['drop NEW', 'create new']);
    expect(pair?.columns.map(({ source: { name } }) => name)).toEqual(['id', 'v']);
    expect(pair?.target.name.table).toBe('new');
    expect(lines).toContainEqual(expect.objectContaining({ level: 'debug', message: 'running: CREATE new' }));
  });
});

describe('row filters', () => {
  const rowFilters = [{ place: 'f.json, filters[0]', schema: 'public', table: 'a', expression: 'v > 100' }];

  test('travel with the pairs, and columns without an index are warned of', async () => {
    const { options, lines } = run([table('a'), table('b')], [table('a'), table('b')], { rowFilters });
    const discovery = await discover(options);
    expect(discovery.pairs.map((pair) => pair.filter)).toEqual(['v > 100', undefined]);
    expect(lines).toMatchObject([
      {
        level: 'warn',
        table: 'public.a',
        message:
          "filter expression 'v > 100' contains column 'v' which is not indexed. This may lead to performance issues.",
      },
    ]);
  });

  test('travel with tables that are created', async () => {
    const { options } = run([table('a')], [], { rowFilters, tableHandling: 'drop-on-target-and-recreate' });
    const [pair] = await prepareTarget(options, await discover(options));
    expect(pair?.filter).toBe('v > 100');
  });

  test('of no table end the run', async () => {
    await expect(discover(run([table('b')], [table('b')], { rowFilters }).options)).rejects.toMatchObject({
      code: 'TSM1006',
    });
  });
});

describe('a type map', () => {
  const typeMap = [
    {
      place: 't.json, [0]',
      table: 'public.a',
      columns: [
        { place: 't.json, [0].column_type_map[0]', column: 'v', sourceType: 'int', targetType: 'INT2' },
      ],
    },
  ];

  test('chooses types of tables that are created', async () => {
    const { options } = run([table('a'), table('b')], [], {
      typeMap,
      tableHandling: 'drop-on-target-and-recreate',
    });
    const { planned } = await discover(options);
    expect(planned.map((one) => [...(one.chosenTypes ?? [])])).toEqual([[['v', 'INT2']], []]);
  });

  test('changes nothing about tables that exist, which is said', async () => {
    const { options, lines } = run([table('a')], [table('a')], { typeMap });
    await discover(options);
    expect(lines).toMatchObject([{ level: 'warn', message: expect.stringContaining('type map') }]);
  });
});
