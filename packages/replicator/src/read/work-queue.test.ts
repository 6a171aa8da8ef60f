import { describe, expect, test } from 'vitest';
import type { Mutation } from '@tsmolt/core';
import type { Assembled } from './transactions.js';
import { WorkQueue } from './work-queue.js';
import type { Work } from './work-queue.js';

const change: Mutation = {
  kind: 'delete',
  table: { name: { schema: 's', table: 't' }, columns: ['id'], key: [0] },
  values: ['1'],
};

function transaction(position: string, rows: number, bytes = rows * 10): Assembled {
  const events = Array.from({ length: rows }, () => change);
  return { kind: 'transaction', transaction: { events, position, committedAt: 0 }, bytes };
}

function part(rows: number, position?: string): Assembled {
  const events = Array.from({ length: rows }, () => change);
  const commit = position === undefined ? undefined : { kind: 'commit' as const, position, committedAt: 0 };
  return { kind: 'part', part: { events, commit }, bytes: rows };
}

const heartbeat = (position: string): Assembled => ({
  kind: 'heartbeat',
  heartbeat: { kind: 'heartbeat', position, at: 0 },
});

const limits = { rows: 10, periodMs: 3_600_000, transactions: 5, bytes: 1000 };

function positions(work: Work | 'idle' | undefined): unknown {
  if (work === undefined || work === 'idle') return work;
  if (work.kind === 'batch') return work.transactions.map(({ position }) => position);
  return work.kind === 'progress' ? work.position : work.kind;
}

describe('a batch is cut', () => {
  test('when it has enough rows, after a whole transaction', async () => {
    const queue = new WorkQueue(limits, 4);
    for (const position of ['a', 'b']) queue.add(transaction(position, 6));
    expect(positions(await queue.take(0))).toEqual(['a', 'b']);
    queue.add(transaction('c', 6));
    expect(positions(await queue.take(0))).toBe('idle');
  });

  test('when it has enough rows, and takes along what waits, up to ten times as many', async () => {
    const queue = new WorkQueue(limits, 4);
    for (const position of ['a', 'b', 'c', 'd']) queue.add(transaction(position, 30));
    expect(positions(await queue.take(0))).toEqual(['a', 'b', 'c', 'd']);
    for (const position of ['e', 'f', 'g']) queue.add(transaction(position, 50));
    expect(positions(await queue.take(0))).toEqual(['e', 'f']);
    expect(positions(await queue.take(0))).toEqual(['g']);
  });

  test('small after failures, and then twice as large each time', async () => {
    const queue = new WorkQueue(limits, 4, 3);
    for (let at = 0; at < 12; at++) queue.add(transaction(String(at), 2));
    const sizes: unknown[] = [];
    for (let batch = 0; batch < 4; batch++) sizes.push(positions(await queue.take(0)));
    expect(sizes).toEqual([['0', '1'], ['2', '3', '4'], ['5', '6', '7', '8', '9'], 'idle']);
  });

  test('when it has enough transactions', async () => {
    const queue = new WorkQueue(limits, 4);
    for (const position of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(transaction(position, 1));
    expect(positions(await queue.take(0))).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('when it is old enough', async () => {
    const queue = new WorkQueue({ ...limits, periodMs: 1 }, 4);
    queue.add(transaction('a', 1));
    expect(positions(await queue.take(10_000))).toEqual(['a']);
  });

  test('when something follows that cannot join it', async () => {
    const queue = new WorkQueue(limits, 4);
    queue.add(transaction('a', 1));
    queue.add(heartbeat('b'));
    expect(positions(await queue.take(0))).toEqual(['a']);
    expect(positions(await queue.take(0))).toBe('b');
  });

  test('at the end', async () => {
    const queue = new WorkQueue(limits, 4);
    queue.add(transaction('a', 1));
    queue.end();
    expect(positions(await queue.take(0))).toEqual(['a']);
    expect(await queue.take(0)).toBeUndefined();
  });
});

test('of heartbeats in a row the last is given out', async () => {
  const queue = new WorkQueue(limits, 4);
  queue.add(heartbeat('a'));
  queue.add(heartbeat('b'));
  expect(positions(await queue.take(0))).toBe('b');
  expect(positions(await queue.take(0))).toBe('idle');
});

test('heartbeats between transactions that wait do not divide them', async () => {
  const queue = new WorkQueue(limits, 4);
  for (const position of ['a', 'b', 'c']) {
    queue.add(transaction(position, 1));
    queue.add(heartbeat(`after ${position}`));
  }
  expect(positions(await queue.take(0))).toEqual(['a', 'b', 'c']);
  expect(positions(await queue.take(0))).toBe('after c');
});

test('a reader waits while there is no room, and goes on when there is', async () => {
  const queue = new WorkQueue({ ...limits, bytes: 10 }, 1);
  queue.add(transaction('a', 2));
  expect(queue.full).toBe(true);
  const room = queue.room();
  expect(positions(await queue.take(0))).toEqual(['a']);
  await room;
  expect(queue.full).toBe(false);
});

test('small transactions have room for as many batches as may wait, not for as many bytes', () => {
  const queue = new WorkQueue({ ...limits, bytes: 1_000_000 }, 2);
  for (let count = 0; count < 20; count++) queue.add(transaction('a', 1));
  expect(queue.full).toBe(false);
  queue.add(transaction('b', 1));
  expect(queue.full).toBe(true);
});

test('the parts of a large transaction come in order, while they arrive', async () => {
  const queue = new WorkQueue({ ...limits, bytes: 10 }, 1);
  queue.add(part(3));
  const work = await queue.take(0);
  const read = async (): Promise<number[]> => {
    const sizes: number[] = [];
    const parts = work !== undefined && work !== 'idle' && work.kind === 'large' ? work.parts : [];
    for await (const { events } of parts) sizes.push(events.length);
    return sizes;
  };
  const reading = read();
  queue.add(part(20));
  queue.add(part(1, 'end'));
  expect(await reading).toEqual([3, 20, 1]);
});

test('what fails in the reader fails in the writer, behind what came before it', async () => {
  const queue = new WorkQueue(limits, 4);
  queue.add(transaction('a', 1));
  queue.fail(new Error('lost'));
  expect(await queue.take(0)).toMatchObject({ kind: 'batch', transactions: [{ position: 'a' }] });
  await expect(queue.take(0)).rejects.toThrow('lost');
});

test('a large transaction whose end could not be read fails', async () => {
  const queue = new WorkQueue(limits, 4);
  queue.add(part(20));
  const work = await queue.take(0);
  queue.fail(new Error('lost'));
  const parts = work !== undefined && work !== 'idle' && work.kind === 'large' ? work.parts : [];
  const read = async (): Promise<void> => {
    for await (const one of parts) expect(one.commit).toBeUndefined();
  };
  await expect(read()).rejects.toThrow('lost');
});
