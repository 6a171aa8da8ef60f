import { expect, test } from 'vitest';
import { enumKey, enumNames } from './enum-names.js';

function namesOf(columns: readonly (readonly [string, string])[], taken: readonly string[] = []): string[] {
  const named = columns.map(([table, column]) => ({ table, column }));
  const names = enumNames(named, taken);
  return named.map((column) => names.get(enumKey(column)) ?? 'none');
}

test('an enum is named after table and column', () => {
  expect(namesOf([['orders', 'status'], ['Orders', 'Status']])).toEqual(['orders_status_enum', 'Orders_Status_enum']); // prettier-ignore
});

test('names that would be the same, or a table’s, have a digest', () => {
  const names = namesOf([['a', 'b_c'], ['a_b', 'c'], ['x', 'y']], ['x_y_enum']); // prettier-ignore
  expect(new Set(names).size).toBe(3);
  for (const name of names) expect(name).toMatch(/_enum_[0-9a-f]{8}$/);
});

test('long names are cut between characters and stay apart', () => {
  const long = 'ü'.repeat(40);
  const names = namesOf([[long, 'one'], [long, 'two']]); // prettier-ignore
  expect(new Set(names).size).toBe(2);
  for (const name of names) {
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(name).toMatch(/^ü+_[0-9a-f]{8}$/);
  }
});
