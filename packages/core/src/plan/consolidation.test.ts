import { describe, expect, test } from 'vitest';
import { column, table } from '../../test/tables.js';
import type { Table } from '../schema.js';
import { refuseUnsupportedRenames } from './consolidation.js';
import type { RenameCircumstances } from './consolidation.js';
import { plainPlan } from './table-plan.js';
import type { TablePlan } from './table-plan.js';

const place = 'rules.json, transforms[1]';
const usual: RenameCircumstances = { caseSensitive: false, recreates: false, loadsByCopy: true };
const into = (name: string, source: Table): TablePlan => ({
  ...plainPlan(source),
  target: { schema: 'public', table: name },
  renamedBy: place,
});
const parts = [into('charges', table('part1', [])), into('charges', table('part2', []))];

describe('tables that go into one', () => {
  test('are let through where COPY loads an existing table', () => {
    expect(() => {
      refuseUnsupportedRenames(parts, usual);
    }).not.toThrow();
  });

  test('are refused where the target is to be created', () => {
    expect(() => {
      refuseUnsupportedRenames(parts, { ...usual, recreates: true });
    }).toThrow(
      'rules.json, transforms[1]: public.part1, public.part2 all go into public.charges, and --table-handling drop-on-target-and-recreate cannot create it',
    );
  });

  test('are refused where IMPORT INTO loads', () => {
    expect(() => {
      refuseUnsupportedRenames(parts, { ...usual, loadsByCopy: false });
    }).toThrow(expect.objectContaining({ code: 'TSM1001', advice: expect.stringContaining('--use-copy') }));
  });

  test('count also where one of them kept its name', () => {
    const mixed = [plainPlan(table('charges', [])), into('charges', table('part1', []))];
    expect(() => {
      refuseUnsupportedRenames(mixed, { ...usual, recreates: true });
    }).toThrow('public.charges, public.part1 all go into public.charges');
  });

  test.each<[string, Table, string]>([
    ['a column more', table('part2', [column('v')]), 'column v is missing in one and integer in the other'],
    [
      'another type',
      table('part2', [], { columns: [column('id', { nativeType: 'text' })] }),
      'column id is integer in one and text in the other',
    ],
    [
      'another key',
      table('part2', [], { primaryKey: { name: 'k', columns: [] } }),
      'primary key (id) in one and () in the other',
    ],
  ])('are refused where one has %s', (_what, other, difference) => {
    expect(() => {
      refuseUnsupportedRenames([into('charges', table('part1', [])), into('charges', other)], usual);
    }).toThrow(`public.part1 and public.part2 both go into public.charges and differ: ${difference}`);
  });

  test('may differ in a column that is excluded', () => {
    const other = { ...into('charges', table('part2', [column('v')])), excluded: new Set(['v']) };
    expect(() => {
      refuseUnsupportedRenames([into('charges', table('part1', [])), other], usual);
    }).not.toThrow();
  });
});

test('a single renamed table, and names that meet by case alone, are no such case', () => {
  const strict = { caseSensitive: false, recreates: true, loadsByCopy: false };
  expect(() => {
    refuseUnsupportedRenames([into('b', table('a', []))], strict);
    refuseUnsupportedRenames([plainPlan(table('T', [])), plainPlan(table('t', []))], strict);
  }).not.toThrow();
});
