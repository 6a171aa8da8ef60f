import { describe, expect, test } from 'vitest';
import { column, table } from '../../test/tables.js';
import { displayName } from '../names.js';
import type { Table } from '../schema.js';
import { plannedTable } from './table-plan.js';
import { transformTables } from './transformations.js';
import type { TransformationRule } from './transformations.js';

const everything = { place: 'rules.json, transforms[0]', schema: /./, table: /./ };
const rule = (changes: Partial<TransformationRule>): TransformationRule => ({ ...everything, ...changes });
const inSchema = (schema: string, name: string): Table => ({
  ...table(name, []),
  name: { schema, table: name },
});

const targets = (tables: readonly Table[], ...rules: TransformationRule[]): string[] =>
  transformTables(tables, rules).plans.map((plan) => displayName(plan.target));

describe('names', () => {
  test('stay as they are without rules', () => {
    const { plans, unused } = transformTables([table('a', [])]);
    expect(plans).toEqual([
      { source: table('a', []), target: { schema: 'public', table: 'a' }, excluded: new Set(), computed: [] },
    ]);
    expect(unused).toEqual([]);
  });

  test('are changed for the tables that a rule matches, schema and table each by its own rule', () => {
    const tables = [
      inSchema('previous', 'charges_1'),
      inSchema('previous', 'other'),
      inSchema('public', 'charges_1'),
    ];
    const renaming = rule({ schema: /previous/, renameSchema: 'next' });
    const tableRule = rule({ schema: /previous/, table: /^charges_/, renameTable: 'charges' });
    expect(targets(tables, renaming, tableRule)).toEqual(['next.charges', 'next.other', 'public.charges_1']);
  });

  test('are given by the later rule where two overlap, and both speak of the source', () => {
    const tables = [table('a', [])];
    const first = rule({ table: /a/, renameTable: 'b' });
    expect(targets(tables, first, rule({ table: /a/, renameTable: 'c' }))).toEqual(['public.c']);
    expect(targets(tables, first, rule({ table: /b/, renameTable: 'c' }))).toEqual(['public.b']);
  });

  test('can both be changed by one rule', () => {
    expect(targets([table('t', [])], rule({ renameTable: 't2', renameSchema: 'public2' }))).toEqual([
      'public2.t2',
    ]);
  });

  test('say which rule changed them', () => {
    const { plans } = transformTables([table('a', [])], [rule({ place: 'here', renameTable: 'b' })]);
    expect(plans[0]?.renamedBy).toBe('here');
  });
});

describe('columns', () => {
  const age = column('age', { generated: true, generation: { expression: '(a + b)', stored: true } });
  const people = table('people', [age, column('name')]);
  const excluding = (pattern: RegExp, addComputedDefinition = false): TransformationRule =>
    rule({ columnExclusion: { column: pattern, addComputedDefinition } });

  test('that match are excluded', () => {
    const [plan] = transformTables([people], [excluding(/^na/)]).plans;
    expect([...(plan?.excluded ?? [])]).toEqual(['name']);
    expect(plan?.computed).toEqual([]);
  });

  test('that are to be computed are excluded and kept with their expression', () => {
    const [plan] = transformTables([people], [excluding(/^age$/, true)]).plans;
    expect(plan?.excluded).toEqual(new Set(['age']));
    expect(plan?.computed).toEqual([age]);
  });

  test('follow the last rule that matches them, and rules for others stand', () => {
    const rules = [excluding(/^age$/, true), excluding(/^name$/), excluding(/^age$/)];
    const [plan] = transformTables([people], rules).plans;
    expect(plan?.excluded).toEqual(new Set(['age', 'name']));
    expect(plan?.computed).toEqual([]);
  });

  test('that the source does not compute are refused, with the rule and the column', () => {
    expect(() => transformTables([people], [excluding(/name/, true)])).toThrow(
      'rules.json, transforms[0].column_exclusion_opts: add_computed_def matches public.people.name, which is no computed column on the source',
    );
    const untold = table('t', [column('x', { generated: true })]);
    expect(() => transformTables([untold], [excluding(/x/, true)])).toThrow('does not tell');
  });

  test.each([
    ['(`a``b` + `c`)', '("a`b" + "c")'],
    ["concat(`a`,_utf8mb4\\' \\',`b`)", `concat("a",' ',"b")`],
    ['(\'`x`\' || "`y`")', '(\'`x`\' || "`y`")'],
  ])('whose expression is MySQL’s %s are computed by %s', (expression, expected) => {
    const mysql = table('t', [column('x', { generated: true, generation: { expression, stored: false } })]);
    const [plan] = transformTables([mysql], [excluding(/x/, true)]).plans;
    expect(plan?.computed[0]?.generation).toEqual({ expression: expected, stored: false });
  });
});

test('rules that met nothing are named', () => {
  const rules = [
    rule({ place: 'used', renameTable: 'b' }),
    rule({ place: 'no table', schema: /nowhere/, renameSchema: 'x' }),
    rule({ place: 'no column', columnExclusion: { column: /nothing/, addComputedDefinition: false } }),
  ];
  expect(transformTables([table('a', [])], rules).unused).toEqual(['no table', 'no column']);
});

describe('a planned table', () => {
  const age = column('age', { generated: true, generation: { expression: 'id + 1', stored: true } });
  const plan = {
    source: table('people', [age, column('name')]),
    target: { schema: 'new', table: 'persons' },
    excluded: new Set(['age']),
    computed: [age],
  };

  test('has the name of the target, the columns that are copied, and those to compute apart', () => {
    const planned = plannedTable(plan, new Map([['name', 'STRING']]));
    expect(planned.name).toEqual({ schema: 'new', table: 'persons' });
    expect(planned.columns.map(({ name }) => name)).toEqual(['id', 'name']);
    expect(planned.computedColumns).toEqual([age]);
    expect(planned.chosenTypes).toEqual(new Map([['name', 'STRING']]));
  });

  test('cannot be had without a column of its key', () => {
    expect(() => plannedTable({ ...plan, excluded: new Set(['id']) })).toThrow(
      'column id of public.people is excluded by a transformation rule and is part of its primary key',
    );
  });

  test('cannot compute a column from one that is excluded', () => {
    const needy = column('age', { generated: true, generation: { expression: '(name || 1)', stored: true } });
    expect(() => plannedTable({ ...plan, computed: [needy], excluded: new Set(['age', 'name']) })).toThrow(
      'public.people.age is to be computed as (name || 1), and a transformation rule excludes name',
    );
  });
});
