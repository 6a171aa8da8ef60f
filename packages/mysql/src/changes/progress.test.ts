import { GtidSet } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { progressFrom } from './progress.js';
import type { Gtid, Progress } from './progress.js';

const a = '11111111-1111-1111-1111-111111111111';
const b = '22222222-2222-2222-2222-222222222222';

const gtid = (source: string, number: number): Gtid => ({ source, number: BigInt(number), text: '' });
const domain = (source: string, server: number, number: number): Gtid => ({ source, number: BigInt(number), text: `${source}-${server}-${number}` }); // prettier-ignore

function positionAfter(progress: Progress, ...gtids: readonly Gtid[]): string {
  for (const one of gtids) progress.add(one);
  return progress.position;
}

test('transactions of one server make its interval longer', () => {
  const progress = progressFrom(`${a}:1-5,${b}:7`, 'mysql');
  expect(progress.position).toBe(`${a}:1-5,${b}:7`);
  expect(positionAfter(progress, gtid(a, 6))).toBe(`${a}:1-6,${b}:7`);
  expect(positionAfter(progress, gtid(b, 8), gtid(b, 9))).toBe(`${a}:1-6,${b}:7-9`);
  expect(positionAfter(progress, gtid(a, 7))).toBe(`${a}:1-7,${b}:7-9`);
});

test('a set has holes, which close', () => {
  const progress = progressFrom('', 'mysql');
  expect(positionAfter(progress, gtid(a, 3))).toBe(`${a}:3`);
  expect(positionAfter(progress, gtid(a, 1))).toBe(`${a}:1:3`);
  expect(positionAfter(progress, gtid(a, 2))).toBe(`${a}:1-3`);
  expect(positionAfter(progress, gtid(a, 5), gtid(a, 4))).toBe(`${a}:1-5`);
  expect(positionAfter(progress, gtid(a, 8), gtid(a, 9), gtid(a, 6), gtid(a, 7))).toBe(`${a}:1-9`);
  expect(positionAfter(progress, gtid(a, 4))).toBe(`${a}:1-9`);
});

test('transactions with a tag are sources of their own', () => {
  const progress = progressFrom(`${a}:1-5:orders:2-3`, 'mysql');
  expect(positionAfter(progress, gtid(`${a}:orders`, 4), gtid(`${a}:other`, 1))).toBe(
    `${a}:1-5:orders:2-4:other:1`,
  );
});

test('whatever the order, the position is the set that core prints', () => {
  const progress = progressFrom(`${a}:10-20:40`, 'mysql');
  let expected = `${a}:10-20:40`;
  let seed = 7;
  for (let step = 0; step < 500; step++) {
    seed = (seed * 48_271) % 2_147_483_647;
    const [source, number] = [seed % 3 === 0 ? b : a, 1 + (seed % 97)];
    expected = GtidSet.parse(`${expected},${source}:${number}`).toString();
    expect(positionAfter(progress, gtid(source, number))).toBe(expected);
  }
});

test('a domain has its last transaction, whichever server wrote it', () => {
  const progress = progressFrom('0-1-5,7-1-3', 'mariadb');
  expect(positionAfter(progress, domain('0', 2, 6))).toBe('0-2-6,7-1-3');
  expect(positionAfter(progress, domain('10', 1, 1))).toBe('0-2-6,7-1-3,10-1-1');
});

test('a domain stays before a prepared transaction until it is settled', () => {
  const progress = progressFrom('0-1-5', 'mariadb');
  progress.withhold(domain('0', 1, 6));
  expect(positionAfter(progress, domain('0', 1, 7), domain('1', 1, 1))).toBe('0-1-5,1-1-1');
  progress.withhold(domain('0', 1, 8));
  progress.settle(domain('0', 1, 6));
  expect(progress.position).toBe('0-1-7,1-1-1');
  progress.settle(domain('0', 1, 8));
  expect(positionAfter(progress, domain('0', 1, 9))).toBe('0-1-9,1-1-1');
});

test('a set leaves out a prepared transaction until it is settled', () => {
  const progress = progressFrom(`${a}:1-5`, 'mysql');
  progress.withhold(gtid(a, 6));
  expect(positionAfter(progress, gtid(a, 7), gtid(a, 8))).toBe(`${a}:1-5:7-8`);
  progress.settle(gtid(a, 6));
  expect(progress.position).toBe(`${a}:1-8`);
});
