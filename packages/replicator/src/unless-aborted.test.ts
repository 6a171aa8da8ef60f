import { expect, test, vi } from 'vitest';
import { unlessAborted } from './unless-aborted.js';

const { signal: never } = new AbortController();

test('work that ends in time gives its result, and its error', async () => {
  expect(await unlessAborted(Promise.resolve(1), never)).toBe(1);
  await expect(unlessAborted(Promise.reject(new Error('failed')), never)).rejects.toThrow('failed');
});

test('work that never ends is left when the signal fires, and what comes of it afterwards is told', async () => {
  const stop = new AbortController();
  let end: ((result: number) => void) | undefined;
  const work = new Promise<number>((resolve) => (end = resolve));
  const late = vi.fn<(result: number) => void>();
  const waited = unlessAborted(work, stop.signal, late);
  stop.abort();
  expect(await waited).toBeUndefined();
  expect(late).not.toHaveBeenCalled();
  end?.(7);
  await work;
  expect(late).toHaveBeenCalledExactlyOnceWith(7);
});
