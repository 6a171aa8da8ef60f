import type { ChangeEvent } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { cutChunk } from './cut-chunk.js';

const commit = (position: number): ChangeEvent => ({ kind: 'commit', position: String(position), committedAt: 0 }); // prettier-ignore
const truncate = (table: string): ChangeEvent => ({ kind: 'truncate', tables: [{ schema: 'public', table }], statement: '' }); // prettier-ignore

/** Transactions that end at 1, 2, 3 and so on, and one that has not ended. */
const chunkOf = (count: number): { events: ChangeEvent[]; bytes: number } => ({
  events: [...Array.from({ length: count }, (_, index) => [truncate('t'), commit(index + 1)]).flat(), truncate('u')],
  bytes: 7,
}); // prettier-ignore

test.each([1, 2, 3, 4, 5, 6, 7])('nothing comes behind position %i, where it is the end', (end) => {
  const { chunk, reached } = cutChunk(chunkOf(7), (position) => Number(position) >= end);
  expect(reached).toBe(true);
  expect(chunk.events).toHaveLength(2 * end);
  expect(chunk.events.at(-1)).toEqual(commit(end));
});

test('a chunk before the end is passed on as it is, after one question', () => {
  const chunk = chunkOf(100);
  const asked: string[] = [];
  const isEnd = (position: string): boolean => asked.push(position) < 0;
  expect(cutChunk(chunk, isEnd).chunk).toBe(chunk);
  expect(asked).toEqual(['100']);
});

test('a part of a transaction has no position', () => {
  expect(cutChunk(chunkOf(0), () => true).reached).toBe(false);
});
