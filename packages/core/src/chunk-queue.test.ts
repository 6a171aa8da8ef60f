import { describe, expect, test } from 'vitest';
import { ChunkQueue } from './chunk-queue.js';
import type { ChangeEvent } from './ports/change-source.js';

function queueOf(limit: number): { readonly queue: ChunkQueue; readonly calls: string[] } {
  const calls: string[] = [];
  const queue = new ChunkQueue(limit, {
    pause: () => calls.push('pause'),
    resume: () => calls.push('resume'),
  });
  return { queue, calls };
}

const event = (number: number): ChangeEvent => ({ kind: 'heartbeat', position: `0/${number}`, at: number });

describe('a queue of chunks', () => {
  test('pauses where more waits than may, and goes on when half of it is gone', async () => {
    // Each event holds 200 bytes beside those of its values.
    const { queue, calls } = queueOf(900);
    for (let number = 1; number <= 4; number++) queue.add(event(number), 25);
    expect(calls).toEqual(['pause']);
    queue.add(event(5), 25);
    expect(calls).toEqual(['pause']);
    await queue.next();
    await queue.next();
    expect(calls).toEqual(['pause']);
    await queue.next();
    expect(calls).toEqual(['pause', 'resume']);
  });

  test('gives what came together as one chunk, as soon as somebody waits', async () => {
    const { queue } = queueOf(2000);
    const waiting = queue.next();
    queue.add(event(1), 5);
    queue.add(event(2), 5);
    expect(await waiting).toEqual({ events: [event(1), event(2)], bytes: 410 });
  });

  test('gives what waits before it fails, and then fails again and again', async () => {
    const { queue } = queueOf(100);
    queue.add(event(1), 5);
    queue.fail(new Error('broken'));
    queue.add(event(2), 5);
    expect(await queue.next()).toMatchObject({ events: [event(1)] });
    await expect(queue.next()).rejects.toThrow('broken');
    await expect(queue.next()).rejects.toThrow('broken');
  });

  test('gives nothing more once it is dropped, even after a failure', async () => {
    const { queue } = queueOf(100);
    queue.add(event(1), 5);
    queue.fail(new Error('broken'));
    queue.drop();
    expect(await queue.next()).toBeUndefined();
    const other = queueOf(100).queue;
    const waiting = other.next();
    other.drop();
    expect(await waiting).toBeUndefined();
  });

  test('a heartbeat comes behind what was added, and wakes a reader that waits', async () => {
    let beat: ChangeEvent | undefined = event(2);
    const queue = new ChunkQueue(1000, {
      pause: () => undefined,
      resume: () => undefined,
      heartbeat: () => {
        const said = beat;
        beat = undefined;
        return said;
      },
    });
    queue.add(event(1), 5);
    expect((await queue.next())?.events).toEqual([event(1), event(2)]);
    const waiting = queue.next();
    beat = event(3);
    queue.touch();
    expect((await waiting)?.events).toEqual([event(3)]);
  });
});
