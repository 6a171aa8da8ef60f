import { expect, test } from 'vitest';
import { sameCollation } from './collations.js';

test.each([
  [undefined, 'C'],
  ['POSIX', 'en_US.utf8'],
  ['C.UTF-8', 'ucs_basic'],
  ['utf8mb4_bin', undefined],
  ['binary', 'C'],
  ['de-DE', 'de-DE'],
  ['utf8mb4_0900_ai_ci', 'und-u-ks-level1'],
  ['latin1_swedish_ci', 'utf8mb4_unicode_ci'],
  ['utf8mb4_0900_as_ci', 'de-u-co-phonebk-ks-level2'],
])('%s and %s compare keys alike', (left, right) => {
  expect(sameCollation(left, right)).toBe(true);
  expect(sameCollation(right, left)).toBe(true);
});

test.each([
  ['utf8mb4_0900_ai_ci', undefined],
  ['utf8mb4_0900_ai_ci', 'utf8mb4_0900_as_ci'],
  ['utf8mb4_0900_as_cs', undefined],
  ['de', 'sv'],
  ['und-u-ks-level2', 'C'],
])('%s and %s do not', (left, right) => {
  expect(sameCollation(left, right)).toBe(false);
  expect(sameCollation(right, left)).toBe(false);
});
