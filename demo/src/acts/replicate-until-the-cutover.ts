import { setTimeout as delay } from 'node:timers/promises';
import { runSql } from '@tsmolt/testkit';
import { startOrderWriter } from '../order-writer.js';
import { counted, heading, say } from '../say.js';
import type { Stage } from '../stage.js';
import { commandText, runTsmolt, startTsmolt } from '../tsmolt-command.js';

const orderingMs = 3000;

/** Act 3: the new server catches up and keeps up; then the shop closes for a moment, and opens on the new server. */
export async function replicateUntilTheCutover(stage: Stage, signal: AbortSignal): Promise<void> {
  const { source, target } = stage;
  const command = replicatorCommand(source.url, target.url);
  heading('3. The new server catches up, and keeps up');
  say(
    `Customers go on ordering, and tsmolt carries what they do to the new server:\n\n  ${commandText(command)}\n`,
  );
  const replicator = await startTsmolt([...command, '--flushPeriod', '100ms'], signal);
  const writer = await startOrderWriter(source.url);
  let placed = 0;
  try {
    await Promise.race([delay(orderingMs, undefined, { signal }), replicator.ended]);
  } finally {
    placed = await writer.stop();
    await replicator.drain();
  }
  say(`  ${counted(placed, 'order')} placed meanwhile`);
  await cutOver(stage, [...command, '--until', 'now'], signal);
}

async function cutOver(
  { source, target }: Stage,
  command: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  heading('4. The cutover');
  say(
    `The shop is closed. What is left is written, and the command ends by itself:\n\n  ${commandText(command)}\n`,
  );
  await runTsmolt(command, signal);
  const verify = verifyCommand(source.url, target.url);
  say(`\nIs everything there? Both servers hash every row:\n\n  ${commandText(verify)}\n`);
  await runTsmolt(verify, signal);
  const orders = await Promise.all([source, target].map(({ url }) => countOrders(url)));
  say(
    `  the old server has ${counted(orders[0] ?? 0, 'order')}, the new one ${counted(orders[1] ?? 0, 'order')}`,
  );
  if (orders[0] !== orders[1]) throw new Error('orders were lost');
}

async function countOrders(url: string): Promise<number> {
  const [row] = await runSql<{ orders: number }>(url, 'SELECT count(*)::int AS orders FROM orders');
  return row?.orders ?? 0;
}

function replicatorCommand(source: string, target: string): string[] {
  const database = new URL(target).pathname.slice(1);
  return [
    ...['replicator', 'pglogical'],
    ...['--sourceConn', source],
    ...['--targetConn', target],
    ...['--targetSchema', `${database}.public`],
    ...['--slotName', 'demo_slot'],
    ...['--publicationName', 'molt_fetch'],
    // It has no key, so that nothing could tell which of two equal rows a change means.
    ...['--table-exclusion-filter', 'page_views'],
    ...['--stagingSchema', `${database}._replicator`],
    '--stagingCreateSchema',
  ];
}

function verifyCommand(source: string, target: string): string[] {
  return [
    'verify',
    ...['--source', source],
    ...['--target', target],
    '--allow-tls-mode-disable',
    ...['--schema-filter', '^public$'],
    '--use-console-writer',
    ...['--logging', 'warn'],
    ...['--metrics-listen-addr', '127.0.0.1:0'],
  ];
}
