import { expect, test } from 'vitest';
import { refuseLeft } from './timelines.js';

const history = '1\t0/3000000\tno recovery target specified\n\n2\t1/A0\tbefore 2026-01-01 00:00:00+00\n';

test.each([
  { timeline: 3, position: '9/0' },
  { timeline: 2, position: '1/A0' },
  { timeline: 1, position: '0/2FFFFFF' },
])('%j is in the history of timeline 3', (earlier) => {
  expect(() => refuseLeft({ ...earlier, now: 3, history })).not.toThrow();
});

test.each([
  { timeline: 2, position: '1/A1', words: 'left at 1/A0' },
  { timeline: 1, position: '0/3000001', words: 'left at 0/3000000' },
  { timeline: 4, position: '0/1', words: 'timeline 4' },
])('$position of timeline $timeline is not', ({ words, ...earlier }) => {
  expect(() => refuseLeft({ ...earlier, now: 3, history })).toThrow(words);
});
