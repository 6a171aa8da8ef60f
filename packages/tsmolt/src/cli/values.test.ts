import { expect, test } from 'vitest';
import { byteSize, count, duration, positiveInteger } from './values.js';

test.each([
  ['24h0m0s', 86_400_000],
  ['5m0s', 300_000],
  ['250ms', 250],
  ['1.5s', 1500],
  ['0', 0],
])('%s is a duration of %d ms', (text, milliseconds) => {
  expect(duration(text)).toBe(milliseconds);
});

test.each(['', '5', '5 s', '-5s', '5x', 's'])('%j is no duration', (text) => {
  expect(() => duration(text)).toThrow('Give a duration');
});

test('numbers of shards are whole and positive', () => {
  expect(positiveInteger('4')).toBe(4);
  expect(count('0')).toBe(0);
  for (const text of ['0', '-1', '1.5', 'four', '', '1e3'])
    expect(() => positiveInteger(text)).toThrow('whole number');
});

test.each([
  ['268435456', 268_435_456],
  ['512MiB', 536_870_912],
  ['1.5 GB', 1_500_000_000],
  ['64kib', 65_536],
])('%s is a size of %d bytes', (text, bytes) => {
  expect(byteSize(text)).toBe(bytes);
});

test.each(['', '0', '-1', 'MiB', '5 apples', '5MiBi'])('%j is no size', (text) => {
  expect(() => byteSize(text)).toThrow('Give a number of bytes');
});
