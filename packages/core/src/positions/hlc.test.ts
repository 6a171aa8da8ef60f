import { describe, expect, test } from 'vitest';
import { Hlc } from './hlc.js';

describe('printing', () => {
  test.each([
    ['1759246920563173000.0000000000', '1759246920563173000.0000000000'],
    ['1759246920563173000', '1759246920563173000.0000000000'],
    ['1759246920563173000.0000000012', '1759246920563173000.0000000012'],
    // A DECIMAL without its trailing zeros: ten, not one.
    ['1759246920563173000.000000001', '1759246920563173000.0000000010'],
  ])('%j as %j', (text, printed) => {
    expect(Hlc.parse(text).toString()).toBe(printed);
  });
});

describe('order', () => {
  test.each([
    ['1759246920563173000.0000000000', '1759246920563173001.0000000000', -1],
    ['1759246920563173000.0000000002', '1759246920563173000.0000000010', -1],
    ['1759246920563173000.0000000010', '1759246920563173000.000000001', 0],
    ['2.0', '1.9', 1],
  ] as const)('%j against %j is %j', (left, right, order) => {
    expect(Hlc.parse(left).compare(Hlc.parse(right))).toBe(order);
  });
});

test.each(['', '0/16B3748', '1.2.3', '-1', '1759246920563173000.00000000000', '2024-01-02'])(
  '%j is none',
  (text) => {
    expect(() => Hlc.parse(text)).toThrow(/not a timestamp of CockroachDB/);
  },
);
