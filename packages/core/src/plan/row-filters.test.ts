import { describe, expect, test } from 'vitest';
import { column, table } from '../../test/tables.js';
import type { Table } from '../schema.js';
import { columnsIn } from './expression-columns.js';
import { filterWarnings, rowFilterOf, withRowFilters } from './row-filters.js';
import type { RowFilter } from './row-filters.js';
import { plainPlan } from './table-plan.js';

const filter = (name: string, expression = 'v > 100'): RowFilter => ({
  place: 'filters.json, filters[0]',
  schema: 'public',
  table: name,
  expression,
});

describe('a filter', () => {
  const plans = [plainPlan(table('t1', [])), plainPlan(table('t2', []))];

  test('goes to the table that it names and to no other', () => {
    expect(withRowFilters(plans, [filter('t1')]).map((plan) => plan.filter)).toEqual(['v > 100', undefined]);
    expect(withRowFilters(plans)).toEqual(plans);
  });

  test('may be written in another way for the target', () => {
    const [plan] = withRowFilters(plans, [{ ...filter('t1'), targetExpression: 'v >= 101' }]);
    expect(plan).toMatchObject({ filter: 'v > 100', targetFilter: 'v >= 101' });
    expect(withRowFilters(plans, [filter('t1')])[0]).not.toHaveProperty('targetFilter');
  });

  test('finds its table whatever the case, unless case counts', () => {
    expect(withRowFilters(plans, [filter('T1')])[0]?.filter).toBe('v > 100');
    expect(() => withRowFilters(plans, [filter('T1')], true)).toThrow('public.T1 is no table of this run');
  });

  test.each([
    ['no table', 't', 'filters.json, filters[0].resource_specifier: public.t is no table of this run'],
    ['a pattern', '.*', 'public..* is no table of this run'],
  ])('that names %s is refused', (_what, name, message) => {
    expect(() => withRowFilters(plans, [filter(name)])).toThrow(message);
  });

  test('that could mean two tables is refused, and a second one for a table', () => {
    const alike = [plainPlan(table('T', [])), plainPlan(table('t', []))];
    expect(withRowFilters(alike, [filter('t')]).map((plan) => plan.filter)).toEqual([undefined, 'v > 100']);
    expect(() =>
      withRowFilters([plainPlan(table('Tt', [])), plainPlan(table('tT', []))], [filter('tt')]),
    ).toThrow('public.tt could be public.Tt or public.tT');
    expect(() => withRowFilters(plans, [filter('t1'), filter('T1', 'w')])).toThrow(
      'public.T1 has a filter already, filters.json, filters[0]',
    );
  });

  test('is found again for a table by its name', () => {
    expect(rowFilterOf({ schema: 'public', table: 'T1' }, [filter('t1')])?.expression).toBe('v > 100');
    expect(rowFilterOf({ schema: 'public', table: 'T1' }, [filter('t1')], true)).toBeUndefined();
    expect(rowFilterOf({ schema: 'public', table: 't1' })).toBeUndefined();
  });
});

describe('the warning', () => {
  const warnings = (one: Table, expression: string): string[] =>
    filterWarnings({ ...plainPlan(one), filter: expression });

  test('has the words of MOLT, one for each column', () => {
    expect(warnings(table('t1', [column('v'), column('w')]), 'v > 100 AND w = v')).toEqual([
      "filter expression 'v > 100 AND w = v' contains column 'v' which is not indexed. This may lead to performance issues.",
      "filter expression 'v > 100 AND w = v' contains column 'w' which is not indexed. This may lead to performance issues.",
    ]);
  });

  test('is not given for columns that an index or a key starts with', () => {
    const one = table('t', [column('a'), column('b'), column('c'), column('d')], {
      primaryKey: { name: 'k', columns: ['id', 'd'] },
      uniqueKeys: [{ name: 'u', columns: ['a', 'b'] }],
      indexedColumns: ['c'],
    });
    expect(warnings(one, 'id + a + b + c + d > 0').map((text) => /column '(.)'/.exec(text)?.[1])).toEqual([
      'b',
      'd',
    ]);
    expect(filterWarnings(plainPlan(one))).toEqual([]);
  });
});

test.each<[string, string[]]>([
  ['v > 100', ['v']],
  ['V > 100 AND v < 5', ['v']],
  ['"v" > 1', ['v']],
  ['"V" > 1', []],
  ['`Odd name` = 1', ['Odd name']],
  ['"say ""hi""" IS NULL', ['say "hi"']],
  ["w = 'v' || 'it''s v'", ['w']],
  [String.raw`w = E'\' v' AND x`, ['w', 'x']],
  ["w = $$ v ' $$ AND x = $q$ v $$ $q$", ['w', 'x']],
  ['w > 1 -- and v\n AND x', ['w', 'x']],
  ['w /* v */ > 1', ['w']],
  ['t1.v = 1 AND public.t1.w = 2', ['v', 'w']],
  ["w::date > date '2024-01-01'", ['w']],
  ['date(w) > 5 AND v IN (1, 2)', ['w', 'v']],
  ['date > 5', ['date']],
  ['ABS("X") > 10', ['X']],
  ['ünder = 1', ['ünder']],
])('%s names %j', (expression, expected) => {
  const names = ['v', 'w', 'x', 'X', 'date', 'Odd name', 'say "hi"', 'ünder'];
  expect(
    columnsIn(
      expression,
      names.map((name) => column(name)),
    ),
  ).toEqual(expected);
});
