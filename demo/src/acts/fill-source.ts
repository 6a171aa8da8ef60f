import { createShop } from '@tsmolt/testkit';
import { unlessInterrupted } from '../interrupt.js';
import { counted, heading, say, secondsSince } from '../say.js';
import type { Stage } from '../stage.js';

/** Act 1: a shop with a million rows. */
export async function fillSource(stage: Stage, signal: AbortSignal): Promise<void> {
  heading('1. A web shop on the old server');
  const started = performance.now();
  const onStep = (step: string): void => {
    if (!signal.aborted) say(`  ${step}`);
  };
  const tables = await unlessInterrupted(signal, () => createShop(stage.source.url, { onStep }));
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  say(`  ${counted(rows, 'row')} in ${tables.length} tables after ${secondsSince(started)}`);
}
