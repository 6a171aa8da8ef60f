import { describe, expect, test } from 'vitest';
import { column, table, withoutKey } from '../../test/tables.js';
import type { Column, Table } from '../schema.js';
import type { LogicalType } from '../types.js';
import { matchTables, pairColumns, standingTables } from './match-tables.js';
import type { MatchOptions } from './table-pair.js';
import { plainPlan } from './table-plan.js';
import type { TablePlan } from './table-plan.js';

const usual: MatchOptions = { caseSensitive: false, skipPrimaryKeyCheck: false };
const text: LogicalType = { kind: 'string' };

/** `tag, failable` of each mismatch. */
const found = (source: Table, target: Table, options = usual): string[] =>
  matchTables([plainPlan(source)], [target], options).mismatches.map(
    ({ tag, failable }) => `${tag}${failable ? '!' : ''}`,
  );

describe('tables', () => {
  test('are paired by schema and name', () => {
    const { pairs, mismatches } = matchTables(
      [plainPlan(table('a', [])), plainPlan(table('b', []))],
      [table('b', []), table('a', [])],
      usual,
    );
    expect(pairs.map((pair) => [pair.source.name.table, pair.target.name.table])).toEqual([
      ['a', 'a'],
      ['b', 'b'],
    ]);
    expect(mismatches).toEqual([]);
  });

  test('that are missing on the target are named, with what to do', () => {
    const { pairs, mismatches } = matchTables([plainPlan(table('a', []))], [], usual);
    expect(pairs).toEqual([]);
    expect(mismatches).toMatchObject([
      { tag: 'missing table', failable: true, advice: expect.stringContaining('--table-handling') },
    ]);
    expect(mismatches[0]?.message).toBe('public.a does not exist on the target');
  });

  test("that are only on the target are nobody's business", () => {
    expect(matchTables([], [table('more', [])], usual)).toEqual({ pairs: [], mismatches: [] });
  });

  test('meet whatever the case of their names, unless case counts', () => {
    const [upper, lower] = [table('Orders', [column('Total')]), table('orders', [column('total')])];
    expect(matchTables([plainPlan(upper)], [lower], usual).pairs[0]?.columns).toHaveLength(2);
    expect(found(upper, lower, { ...usual, caseSensitive: true })).toEqual(['missing table!']);
  });

  test('whose schema and name only read alike together do not meet', () => {
    const left = { ...table('x', []), name: { schema: 'a.b', table: 'c' } };
    const right = { ...table('x', []), name: { schema: 'a', table: 'b.c' } };
    expect(found(left, right)).toEqual(['missing table!']);
  });
});

describe('names that differ in case only', () => {
  const [upper, lower] = [table('Orders', []), table('orders', [])];

  test('of two source tables that would meet one target stop the run, and both are named', () => {
    const { pairs, mismatches } = matchTables([plainPlan(upper), plainPlan(lower)], [lower], usual);
    expect(pairs).toEqual([]);
    expect(mismatches).toMatchObject([{ tag: 'ambiguous name', failable: true }]);
    expect(mismatches[0]?.message).toBe(
      'public.Orders and public.orders differ in case only and would both go into public.orders',
    );
  });

  test('of two target tables stop the run where neither is spelled like the source', () => {
    const { mismatches } = matchTables([plainPlan(table('ORDERS', []))], [upper, lower], usual);
    expect(mismatches.map(({ message }) => message)).toEqual([
      'public.ORDERS could be public.Orders and public.orders, which differ in case only',
    ]);
  });

  test('are told apart by their spelling where each has its own counterpart', () => {
    const { pairs, mismatches } = matchTables([plainPlan(upper), plainPlan(lower)], [lower, upper], usual);
    expect(pairs.map(({ source, target }) => source === target)).toEqual([true, true]);
    expect(mismatches).toEqual([]);
  });

  test('of columns are told apart, or stop the run', () => {
    const two = table('t', [column('Total'), column('total')]);
    expect(found(two, two)).toEqual([]);
    expect(found(two, table('t', [column('total')]))).toEqual(['ambiguous name!']);
    expect(found(table('t', [column('TOTAL')]), two)).toEqual(['ambiguous name!']);
    expect(found(two, table('t', [column('total')]), { ...usual, caseSensitive: true })).toEqual([
      'missing column on target!',
    ]);
  });
});

describe('plans', () => {
  const excluding = (changes: Partial<TablePlan>): TablePlan => ({
    ...plainPlan(table('t', [column('age', { generated: true }), column('v')])),
    excluded: new Set(['age']),
    ...changes,
  });
  const tags = (plan: TablePlan, target: Table): string[] =>
    matchTables([plan], [target], usual).mismatches.map(
      ({ tag, failable }) => `${tag}${failable ? '!' : ''}`,
    );

  test('pair a table with the one of its new name', () => {
    const plan = { ...plainPlan(table('old', [])), target: { schema: 'public', table: 'new' } };
    expect(matchTables([plan], [table('old', []), table('new', [])], usual).pairs[0]?.target.name.table).toBe(
      'new',
    );
    expect(matchTables([plan], [], usual).mismatches[0]?.message).toBe(
      'public.new, where the rows of public.old are to go, does not exist on the target',
    );
  });

  test('of which several have one target are all paired with it where a rule says so', () => {
    const part = (name: string): TablePlan => ({
      ...plainPlan(table(name, [])),
      target: { schema: 'public', table: 'whole' },
      renamedBy: 'rules.json, transforms[0]',
    });
    const whole = table('whole', []);
    const { pairs, mismatches } = matchTables([part('p1'), part('p2')], [whole], usual);
    expect(pairs.map(({ target }) => target)).toEqual([whole, whole]);
    expect(mismatches).toEqual([]);
    expect(standingTables([part('p1'), part('p2')], [whole], false)).toEqual([whole]);
  });

  test('do not copy excluded columns, nor miss them on the target', () => {
    const plan = excluding({});
    const target = table('t', [column('v')]);
    expect(pairColumns(plan, target, usual).columns.map(({ source }) => source.name)).toEqual(['id', 'v']);
    expect(tags(plan, target)).toEqual([]);
  });

  test('say where a computed column is missing, and where an excluded one is a plain column', () => {
    const computed = excluding({ computed: [column('age', { generated: true })] });
    expect(tags(computed, table('t', [column('v')]))).toEqual(['missing column on target']);
    expect(tags(computed, table('t', [column('v'), column('age', { generated: true })]))).toEqual([]);
    expect(tags(excluding({}), table('t', [column('v'), column('age')]))).toEqual([
      'extraneous column on target',
    ]);
    expect(tags(excluding({}), table('t', [column('v'), column('age', { nullable: false })]))).toEqual([
      'extraneous column on target!',
    ]);
  });

  test('hand their filter to the pair', () => {
    const plan = { ...plainPlan(table('t', [])), filter: 'id > 5' };
    expect(matchTables([plan], [table('t', [])], usual).pairs[0]?.filter).toBe('id > 5');
    expect(matchTables([plainPlan(table('t', []))], [table('t', [])], usual).pairs[0]).not.toHaveProperty(
      'filter',
    );
  });
});

describe('columns', () => {
  test('are copied in the order of the source', () => {
    const pair = pairColumns(
      plainPlan(table('t', [column('a'), column('b')])),
      table('t', [column('b'), column('a')]),
      usual,
    );
    expect(pair.columns.map(({ source }) => source.name)).toEqual(['id', 'a', 'b']);
  });

  test('that the target computes are not copied, and are no mismatch', () => {
    const [source, target] = [
      table('t', [column('twice')]),
      table('t', [column('twice', { generated: true })]),
    ];
    expect(pairColumns(plainPlan(source), target, usual).columns.map(({ source: { name } }) => name)).toEqual(
      ['id'],
    );
    expect(found(source, target)).toEqual([]);
  });

  test('that the source computes are copied as values', () => {
    const pair = pairColumns(
      plainPlan(table('t', [column('twice', { generated: true })])),
      table('t', [column('twice')]),
      usual,
    );
    expect(pair.columns).toHaveLength(2);
  });

  test('that are missing on the target stop the run', () => {
    expect(found(table('t', [column('gone')]), table('t', []))).toEqual(['missing column on target!']);
  });

  test.each<[string, Partial<Column>, string[]]>([
    ['may be NULL', {}, ['extraneous column on target']],
    ['have a default', { nullable: false, hasDefault: true }, ['extraneous column on target']],
    ['count by themselves', { nullable: false, identity: 'always' }, ['extraneous column on target']],
    ['take neither NULL nor a default', { nullable: false }, ['extraneous column on target!']],
    ['are computed', { nullable: false, generated: true }, []],
  ])('that are only on the target and %s', (_what, changes, expected) => {
    expect(found(table('t', []), table('t', [column('more', changes)]))).toEqual(expected);
  });

  test('of types that do not fit stop the run, and both types are named', () => {
    const target = table('t', [column('v', { type: { kind: 'bytes' }, nativeType: 'BYTES' })]);
    const { mismatches } = matchTables(
      [plainPlan(table('t', [column('v', { type: text, nativeType: 'text' })]))],
      [target],
      usual,
    );
    expect(mismatches).toMatchObject([
      {
        tag: 'type mismatch',
        failable: true,
        column: 'v',
        message: expect.stringMatching(/text on the source.*BYTES on the target/),
      },
    ]);
  });

  test('that must not be NULL on the target stop the run, and the reverse is only said', () => {
    const [nullable, needed] = [table('t', [column('v')]), table('t', [column('v', { nullable: false })])];
    expect(found(nullable, needed)).toEqual(['nullability mismatch!']);
    expect(found(needed, nullable)).toEqual(['nullability mismatch']);
  });
});

describe('primary keys', () => {
  const keyed = (...columns: string[]): Table =>
    table('t', [column('a'), column('b')], { primaryKey: { name: 'k', columns } });

  test('that are missing on the source stop the run', () => {
    expect(found(withoutKey(table('t', [])), table('t', []))).toEqual(['missing primary key!']);
  });

  test('that are missing on the target, or other, or in another order, stop the run', () => {
    expect(found(table('t', []), withoutKey(table('t', [])))).toEqual(['primary key mismatch!']);
    expect(found(keyed('a'), keyed('b'))).toEqual(['primary key mismatch!']);
    expect(found(keyed('a', 'b'), keyed('b', 'a'))).toEqual(['primary key mismatch!']);
    expect(found(keyed('a', 'b'), keyed('a'))).toEqual(['primary key mismatch!']);
  });

  test('are not asked for with --skip-pk-check', () => {
    const options = { ...usual, skipPrimaryKeyCheck: true };
    expect(found(withoutKey(table('t', [])), table('t', []), options)).toEqual([]);
    expect(found(keyed('a'), keyed('b'), options)).toEqual([]);
  });

  test.each<[string, Partial<Column>, Partial<Column>, string[]]>([
    ['one collation', { collation: 'de' }, { collation: 'de' }, []],
    ['the default and C', {}, { collation: 'C' }, []],
    ['two collations', { collation: 'de' }, { collation: 'sv' }, ['collation mismatch!']],
    ['a collation on one side', { collation: 'de' }, {}, ['collation mismatch!']],
    ["MySQL's default and the default", { collation: 'utf8mb4_0900_ai_ci' }, {}, ['collation mismatch!']],
    ["MySQL's binary one and the default", { collation: 'utf8mb4_bin' }, {}, []],
  ])('of text with %s', (_what, source, target, expected) => {
    const keyOn = (changes: Partial<Column>): Table =>
      table('t', [column('name', { type: text, ...changes })], {
        primaryKey: { name: 'k', columns: ['name'] },
      });
    expect(found(keyOn(source), keyOn(target))).toEqual(expected);
  });

  test('of other types are not asked for their collation', () => {
    expect(
      found(
        keyed('a'),
        table('t', [column('a', { collation: 'de' }), column('b')], {
          primaryKey: { name: 'k', columns: ['a'] },
        }),
      ),
    ).toEqual([]);
  });
});

describe('types of key columns', () => {
  const keyOf = (type: LogicalType): Table => {
    const { columns, ...rest } = table('t', []);
    return { ...rest, columns: columns.map((one) => ({ ...one, type })) };
  };

  test.each<[string, LogicalType, LogicalType, string[]]>([
    ['of two widths', { kind: 'integer', bits: 32 }, { kind: 'integer', bits: 64 }, []],
    ['integer and decimal', { kind: 'integer', bits: 64, unsigned: true }, { kind: 'decimal' }, []],
    ['text and uuid', text, { kind: 'uuid' }, []],
    ['integer and text', { kind: 'integer', bits: 32 }, text, ['primary key mismatch!']],
    [
      'date and timestamp',
      { kind: 'date' },
      { kind: 'timestamp', withZone: false },
      ['primary key mismatch!'],
    ],
    ['that do not fit at all', text, { kind: 'bytes' }, ['type mismatch!']],
  ])('%s', (_what, source, target, expected) => {
    expect(found(keyOf(source), keyOf(target))).toEqual(expected);
  });

  test('are not asked for with --skip-pk-check', () => {
    const options = { ...usual, skipPrimaryKeyCheck: true };
    expect(found(keyOf({ kind: 'integer', bits: 32 }), keyOf(text), options)).toEqual([]);
  });
});

describe('constraints', () => {
  test('DEFAULT that is only on the target is said', () => {
    const [plain, defaulted] = [table('t', [column('v')]), table('t', [column('v', { hasDefault: true })])];
    expect(found(plain, defaulted)).toEqual(['constraint on target only']);
    expect(found(defaulted, defaulted)).toEqual([]);
    expect(found(table('t', [column('v', { identity: 'always' })]), defaulted)).toEqual([]);
  });

  test('that are only on the target are said, each kind', () => {
    const target = table('t', [], {
      uniqueKeys: [{ name: 'u', columns: ['id'] }],
      checks: ['c'],
      foreignKeys: [
        { name: 'f', columns: ['id'], target: { schema: 'public', table: 'o' }, targetColumns: ['id'] },
      ],
    });
    const { mismatches } = matchTables([plainPlan(table('t', []))], [target], usual);
    expect(
      mismatches.map(({ message, failable }) => [failable, /FOREIGN KEY|UNIQUE|CHECK/.exec(message)?.[0]]),
    ).toEqual([
      [false, 'FOREIGN KEY'],
      [false, 'UNIQUE'],
      [false, 'CHECK'],
    ]);
    expect(found(target, table('t', []))).toEqual([]);
  });
});
