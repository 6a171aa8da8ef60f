import { expect, test } from 'vitest';
import { duration } from '../values.js';
import { durationOption, durationText } from './duration-option.js';

test.each([
  [0, '0'],
  [25, '25ms'],
  [1500, '1.5s'],
  [30_000, '30s'],
  [60_000, '1m0s'],
  [90_500, '1m30.5s'],
  [86_400_000, '24h0m0s'],
  [5_415_000, '1h30m15s'],
])('%i ms are shown as %s, which is read as the same', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
  expect(duration(text)).toBe(milliseconds);
});

test('the help shows the default as it would be given', () => {
  const option = durationOption('--applyTimeout <duration>', 'how long', 30_000);
  expect([option.defaultValue, option.defaultValueDescription]).toEqual([30_000, '30s']);
  expect(option.parseArg?.('2m', undefined)).toBe(120_000);
});
