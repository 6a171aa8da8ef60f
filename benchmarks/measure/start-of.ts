import { median } from './rounds.js';
import type { Measured } from './run-measured.js';

const times = 3;

/**
 * How many seconds a program takes that finds nothing to do.
 *
 * @param around makes that there is nothing, and takes it back
 */
export async function startOf(
  prepare: () => Promise<void>,
  run: () => Promise<Measured>,
  around: { readonly begin?: () => Promise<unknown>; readonly end?: () => Promise<unknown> } = {},
): Promise<number> {
  const seconds: number[] = [];
  await around.begin?.();
  for (let time = 0; time < times; time++) {
    await prepare();
    seconds.push((await run()).seconds);
  }
  await around.end?.();
  const start = median(seconds);
  process.stdout.write(`start: ${start.toFixed(2)} s of each run of tsmolt\n`);
  return start;
}
