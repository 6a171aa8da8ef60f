import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ReadPacer } from './read-pacer.js';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

function paced(): { readonly pacer: ReadPacer; readonly calls: string[]; readonly clock: { now: number } } {
  const clock = { now: 0 };
  const calls: string[] = [];
  const pacer = new ReadPacer(
    { pause: () => calls.push('pause'), resume: () => calls.push('resume') },
    () => clock.now,
  );
  return { pacer, calls, clock };
}

test('a busy socket is read again a millisecond later', () => {
  const { pacer, calls } = paced();
  for (let read = 0; read < 40; read++) pacer.read(200);
  expect(calls).toEqual(['pause']);
  vi.advanceTimersByTime(1);
  expect(calls).toEqual(['pause', 'resume']);
});

test('one that brings little is read at once', () => {
  const { pacer, calls, clock } = paced();
  for (; clock.now < 1000; clock.now += 2) for (let read = 0; read < 5; read++) pacer.read(200);
  expect(calls).toEqual([]);
});

test('nothing stays paused when it ends', () => {
  const { pacer, calls } = paced();
  pacer.read(100_000);
  pacer.stop();
  pacer.stop();
  vi.advanceTimersByTime(10);
  expect(calls).toEqual(['pause', 'resume']);
});
