import { createShop } from '@tsmolt/testkit';
import { unlessInterrupted } from '../interrupt.js';
import { counted, heading, say, secondsSince } from '../say.js';
import type { Stage } from '../stage.js';

/** Act 1: a shop with a million rows. */
export async function fillSource(stage: Stage, signal: AbortSignal): Promise<void> {
  heading('1. A web shop on the old server');
  const started = performance.now();
  const tables = await unlessInterrupted(
    signal,
    createShop(stage.source.url, { onStep: (step) => say(`  ${step}`) }),
  );
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  say(`  ${counted(rows, 'row')} in ${tables.length} tables after ${secondsSince(started)}`);
}
