import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { MemoryBudget } from './memory-budget.js';

const never = new AbortController().signal;

/** Work that ends when it is told to. */
function controlled(): { readonly work: () => Promise<void>; readonly end: () => void; started: boolean } {
  let end = (): void => undefined;
  const ended = new Promise<void>((resolve) => (end = resolve));
  const control = {
    started: false,
    end,
    work: () => {
      control.started = true;
      return ended;
    },
  };
  return control;
}

describe('MemoryBudget', () => {
  test('lets work wait until there is room, in the order of arrival', async () => {
    const budget = new MemoryBudget(10);
    const [first, second, third] = [controlled(), controlled(), controlled()];
    const all = [
      budget.hold(8, never, first.work),
      budget.hold(5, never, second.work),
      budget.hold(1, never, third.work),
    ];
    await turn();
    expect([first.started, second.started, third.started]).toEqual([true, false, false]);
    first.end();
    await turn();
    expect([second.started, third.started]).toEqual([true, true]);
    second.end();
    third.end();
    await Promise.all(all);
  });

  test('grants what exceeds it when nothing else is held', async () => {
    const budget = new MemoryBudget(10);
    const [small, huge] = [controlled(), controlled()];
    const all = [budget.hold(1, never, small.work), budget.hold(100, never, huge.work)];
    await turn();
    expect(huge.started).toBe(false);
    small.end();
    await turn();
    expect(huge.started).toBe(true);
    huge.end();
    await Promise.all(all);
  });

  test('gives back what failed work held', async () => {
    const budget = new MemoryBudget(10);
    await expect(budget.hold(10, never, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(budget.hold(10, never, () => Promise.resolve('yes'))).resolves.toBe('yes');
  });

  test('ends the wait when the signal fires, and serves who waits behind', async () => {
    const budget = new MemoryBudget(10);
    const first = controlled();
    const stop = new AbortController();
    const holding = budget.hold(5, never, first.work);
    const waiting = budget.hold(6, stop.signal, () => Promise.resolve());
    const behind = budget.hold(5, never, () => Promise.resolve('served'));
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'TSM1005' });
    await expect(behind).resolves.toBe('served');
    first.end();
    await holding;
  });
});
