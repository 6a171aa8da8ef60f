import { describe, expect, test } from 'vitest';
import type { Column, Table } from '../schema.js';
import type { LogicalType } from '../types.js';
import { matchTables, pairColumns } from './match-tables.js';
import type { MatchOptions } from './table-pair.js';

const usual: MatchOptions = { caseSensitive: false, skipPrimaryKeyCheck: false };
const text: LogicalType = { kind: 'string' };

function column(name: string, changes: Partial<Column> = {}): Column {
  const type = changes.type ?? { kind: 'integer', bits: 32 };
  return {
    name,
    type,
    nativeType: type.kind,
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
    ...changes,
  };
}

/** `id` is the key unless the changes say otherwise. */
function table(name: string, columns: readonly Column[], changes: Partial<Table> = {}): Table {
  return {
    name: { schema: 'public', table: name },
    columns: [column('id', { nullable: false }), ...columns],
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

/** `tag, failable` of each mismatch. */
const found = (source: Table, target: Table, options = usual): string[] =>
  matchTables([source], [target], options).mismatches.map(
    ({ tag, failable }) => `${tag}${failable ? '!' : ''}`,
  );

describe('tables', () => {
  test('are paired by schema and name', () => {
    const { pairs, mismatches } = matchTables(
      [table('a', []), table('b', [])],
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
    const { pairs, mismatches } = matchTables([table('a', [])], [], usual);
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
    expect(matchTables([upper], [lower], usual).pairs[0]?.columns).toHaveLength(2);
    expect(found(upper, lower, { ...usual, caseSensitive: true })).toEqual(['missing table!']);
  });

  test('whose schema and name only read alike together do not meet', () => {
    const left = { ...table('x', []), name: { schema: 'a.b', table: 'c' } };
    const right = { ...table('x', []), name: { schema: 'a', table: 'b.c' } };
    expect(found(left, right)).toEqual(['missing table!']);
  });
});

describe('columns', () => {
  test('are copied in the order of the source', () => {
    const pair = pairColumns(
      table('t', [column('a'), column('b')]),
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
    expect(pairColumns(source, target, usual).columns.map(({ source: { name } }) => name)).toEqual(['id']);
    expect(found(source, target)).toEqual([]);
  });

  test('that the source computes are copied as values', () => {
    const pair = pairColumns(
      table('t', [column('twice', { generated: true })]),
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
      [table('t', [column('v', { type: text, nativeType: 'text' })])],
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

describe('constraints', () => {
  test('that are only on the target are said, each kind', () => {
    const target = table('t', [], {
      uniqueKeys: [{ name: 'u', columns: ['id'] }],
      checks: ['c'],
      foreignKeys: [
        { name: 'f', columns: ['id'], target: { schema: 'public', table: 'o' }, targetColumns: ['id'] },
      ],
    });
    const { mismatches } = matchTables([table('t', [])], [target], usual);
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
