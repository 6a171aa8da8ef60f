import { describe, expect, test } from 'vitest';
import { MariadbGtid } from './mariadb-gtid.js';

describe('printing', () => {
  test.each([
    ['', ''],
    ['0-1-100', '0-1-100'],
    ['10-1-2,9-3-18446744073709551615', '9-3-18446744073709551615,10-1-2'],
    [' 1-2-3 , 0-2-3 ', '0-2-3,1-2-3'],
  ])('%j as %j', (text, printed) => {
    expect(MariadbGtid.parse(text).toString()).toBe(printed);
  });
});

describe('order', () => {
  test.each([
    ['', '', 0],
    ['0-1-1', '', 1],
    ['0-1-10', '0-1-9', 1],
    ['0-1-10', '0-2-11', -1],
    ['0-1-10', '0-2-10', undefined],
    ['0-1-10,1-1-1', '0-1-11', undefined],
    ['0-1-10,1-1-1', '0-1-10', 1],
    ['0-1-10', '1-1-10', undefined],
  ] as const)('%j against %j is %j', (left, right, order) => {
    expect(MariadbGtid.parse(left).compare(MariadbGtid.parse(right))).toBe(order);
    expect(MariadbGtid.parse(left).contains(MariadbGtid.parse(right))).toBe(order === 0 || order === 1);
  });
});

test('knows that it is empty', () => {
  expect(MariadbGtid.parse('').isEmpty).toBe(true);
  expect(MariadbGtid.parse('0-1-1').isEmpty).toBe(false);
});

test.each(['x', '0-1', '0-1-2-3', '0-1-2,', '0-1-1,0-1-2', '-1-1-1', '3e11fa47:1-5'])(
  'refuses %j',
  (text) => {
    expect(() => MariadbGtid.parse(text)).toThrow(expect.objectContaining({ code: 'TSM1004' }));
  },
);
