import { describe, expect, test } from 'vitest';
import { GtidSet } from './gtid-set.js';

const a = '3e11fa47-71ca-11e1-9e33-c80aa9429562';
const b = 'b7f9e0fa-2753-1e1f-5d9b-2402ac810003';

describe('printing', () => {
  test.each([
    ['', ''],
    [`${a}:1`, `${a}:1`],
    [`${a}:3-21`, `${a}:3-21`],
    [`${b}:1-3,\n${a}:5`, `${a}:5,${b}:1-3`],
    [`${a.toUpperCase()}:1-2:2-5:7:6`, `${a}:1-7`],
    [`${a}:5-7:1-2:3`, `${a}:1-3:5-7`],
    [`${a}:1-3,${a}:4`, `${a}:1-4`],
    [`${a}:1-9:2-3`, `${a}:1-9`],
    [`${a}:1-34:beta:1:Alpha_1:1`, `${a}:1-34:alpha_1:1:beta:1`],
    [`${a}:tag:1-3`, `${a}:tag:1-3`],
    [`${a}:9223372036854775806`, `${a}:9223372036854775806`],
    [` ${a} : 1 - 3 `, `${a}:1-3`],
  ])('%j as %j', (text, printed) => {
    expect(GtidSet.parse(text).toString()).toBe(printed);
    expect(GtidSet.parse(printed).toString()).toBe(printed);
  });
});

describe('order', () => {
  test.each([
    ['', '', 0],
    [`${a}:1`, '', 1],
    [`${a}:1-5`, `${a}:2-3:5`, 1],
    [`${a}:1-5`, `${a}:1-3:4:5`, 0],
    [`${a}:1-5`, `${a}:6`, undefined],
    [`${a}:1-3:5-9`, `${a}:3-5`, undefined],
    [`${a}:1-5`, `${a}:1-5,${b}:1`, -1],
    [`${a}:1-5`, `${b}:1-5`, undefined],
    [`${a}:1-5`, `${a}:1-5:tag:1`, -1],
    [`${a}:tag:1-5`, `${a}:1-5`, undefined],
  ] as const)('%j against %j is %j', (left, right, order) => {
    expect(GtidSet.parse(left).compare(GtidSet.parse(right))).toBe(order);
    expect(GtidSet.parse(left).contains(GtidSet.parse(right))).toBe(order === 0 || order === 1);
  });
});

test('knows that it is empty', () => {
  expect(GtidSet.parse(' , ').isEmpty).toBe(true);
  expect(GtidSet.parse(`${a}:1`).isEmpty).toBe(false);
});

test.each([
  'x', a, `${a}:`, `${a}:0`, `${a}:5-3`, `${a}:1-`, `${a}:tag`, `${a}:1:tag`, `${a}:1:2tag:3`, `${a};1`, '0-1-2',
  `${a.slice(1)}:1`, `${a}:${'t'.repeat(33)}:1`,
])('refuses %j', (text) => {
  expect(() => GtidSet.parse(text)).toThrow(expect.objectContaining({ code: 'TSM1004' }));
}); // prettier-ignore
