import { expect, test } from 'vitest';
import { numbersOf, runsOf } from './saved-state.js';

test('finished ranges are written as runs, and read back', () => {
  expect(runsOf([5, 0, 2, 1, 9, 8])).toEqual([
    [0, 2],
    [5, 5],
    [8, 9],
  ]);
  expect(runsOf([])).toEqual([]);
  expect([...numbersOf(runsOf([5, 0, 2, 1, 9, 8]))]).toEqual([0, 1, 2, 5, 8, 9]);
});
