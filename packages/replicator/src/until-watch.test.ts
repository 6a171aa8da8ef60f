import { silentLogger } from '@tsmolt/core';
import type { Logger } from '@tsmolt/core';
import { expect, test, vi } from 'vitest';
import { UntilWatch } from './until-watch.js';

/** Positions are numbers. */
const source = {
  compare: (left: string, right: string) => Math.sign(Number(left) - Number(right)) as -1 | 0 | 1,
};

function watching(until: string | undefined): { readonly watch: UntilWatch; readonly warn: Logger['warn'] } {
  const warn = vi.fn<Logger['warn']>();
  return { watch: new UntilWatch({ until, options: { logger: { ...silentLogger(), warn } } }), warn };
}

test('a source that is silent before --until is told of once', () => {
  const { watch, warn } = watching('9');
  for (const now of [0, 9_000, 11_000, 40_000]) watch.lookAfter(source, '5', now);
  expect(warn).toHaveBeenCalledExactlyOnceWith(
    { position: '5', until: '9' },
    expect.stringContaining('--until'),
  );
});

test('nobody is told while positions come, where the end is reached, or where there is none', () => {
  const moving = watching('9');
  for (const [index, now] of [0, 9_000, 18_000, 27_000].entries())
    moving.watch.lookAfter(source, String(index), now);
  expect(moving.warn).not.toHaveBeenCalled();
  for (const until of ['5', undefined]) {
    const { watch, warn } = watching(until);
    for (const now of [0, 40_000]) watch.lookAfter(source, '5', now);
    expect(warn).not.toHaveBeenCalled();
  }
});
