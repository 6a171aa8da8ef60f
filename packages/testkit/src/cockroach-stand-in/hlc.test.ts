import { expect, test } from 'vitest';
import { parseMoment } from './hlc.js';

const second = 1_000_000_000n;
const noon = BigInt(Date.UTC(2024, 0, 2, 12)) * 1_000_000n;

test.each([
  { text: '1759246920563173000.0000000003', nanos: 1759246920563173000n, logical: 3 },
  { text: '1759246920563173000.01', nanos: 1759246920563173000n, logical: 100_000_000 },
  { text: '1759246920563173000', nanos: 1759246920563173000n, logical: 0 },
  { text: '2024-01-02 12:00:00', nanos: noon, logical: 0 },
  { text: '2024-01-02T12:00:00.123456Z', nanos: noon + 123_456_000n, logical: 0 },
  { text: '2024-01-02 14:30:00.5+02:30', nanos: noon + second / 2n, logical: 0 },
  { text: '2024-01-02 07:00-05', nanos: noon, logical: 0 },
  { text: '2024-01-02', nanos: noon - 43_200n * second, logical: 0 },
])('$text', ({ text, nanos, logical }) => {
  expect(parseMoment(text)).toEqual({ kind: 'fixed', nanos, logical });
});

test.each([
  { text: '-10s', seconds: -10n },
  { text: '-1h30m', seconds: -5400n },
  { text: '-2 hours', seconds: -7200n },
  { text: '-00:01:05', seconds: -65n },
  { text: '1d', seconds: 86_400n },
])('$text', ({ text, seconds }) => {
  expect(parseMoment(text)).toEqual({ kind: 'relative', nanos: seconds * second });
});

test.each(['', 'yesterday', '-10 parsecs', '2024-13-45', '12'])('%s is no moment', (text) => {
  expect(parseMoment(text)).toBeUndefined();
});
