import { setTimeout as pause } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { currentThread, threadClock } from '../bin/thread-clock.js';

const waited = 200;

/** Computes for as long, then tells its number, and then waits. */
const thread = `
  import { parentPort, workerData } from 'node:worker_threads';
  const { currentThread, threadClock } = await import(workerData);
  const [own, computed] = [currentThread(), threadClock(currentThread())];
  const start = computed();
  while (computed() - start < ${waited}) ;
  parentPort.on('message', () => parentPort.close());
  parentPort.postMessage([own, computed() - start]);`;

describe.runIf(process.platform === 'linux')('the clock of a thread', () => {
  test('goes while the thread computes, and stands while it waits, whoever looks', async () => {
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(thread)}`), {
      workerData: new URL('../bin/thread-clock.js', import.meta.url).href,
    });
    const [number, computed] = await new Promise<number[]>((resolve, reject) => {
      worker.once('message', resolve).once('error', reject);
    });
    expect(computed).toBeGreaterThanOrEqual(waited);
    expect(number).not.toBe(currentThread());
    const seen = threadClock(number ?? 0);
    const before = seen();
    await pause(waited);
    expect(seen() - before).toBeLessThan(waited / 2);
    await worker.terminate();
    expect(seen()).toBeGreaterThanOrEqual(before);
  });
});

test('where nobody knows what a thread computes, time passes', () => {
  const clock = threadClock(0);
  const before = performance.now();
  expect(clock()).toBeGreaterThanOrEqual(before);
});
