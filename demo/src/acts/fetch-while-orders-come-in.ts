import { runSql } from '@tsmolt/testkit';
import { startOrderWriter } from '../order-writer.js';
import { counted, heading, say } from '../say.js';
import type { Stage } from '../stage.js';
import { commandText, runTsmolt } from '../tsmolt-command.js';

const slot = 'demo_slot';

/** Act 2: the shop moves while its customers go on ordering. */
export async function fetchWhileOrdersComeIn(stage: Stage, signal: AbortSignal): Promise<void> {
  const { source, target } = stage;
  const [before] = await runSql<{ last: number }>(source.url, 'SELECT max(id)::int AS last FROM orders');
  const command = fetchCommand(source.url, target.url);
  heading('2. The shop moves to the new server');
  say(
    `From now on customers place orders, about a hundred a second. tsmolt runs like this:\n\n  ${commandText(command)}\n`,
  );
  const writer = await startOrderWriter(source.url);
  let placed = 0;
  try {
    await runTsmolt(command, signal);
  } finally {
    placed = await writer.stop();
  }
  await tellWhereOrdersAre(stage, before?.last ?? 0, placed);
}

function fetchCommand(source: string, target: string): string[] {
  return [
    'fetch',
    ...['--source', source],
    ...['--target', target],
    '--allow-tls-mode-disable',
    '--direct-copy',
    ...['--table-handling', 'drop-on-target-and-recreate'],
    '--non-interactive',
    ...['--pglogical-replication-slot-name', slot],
    '--pglogical-publication-and-slot-drop-and-recreate',
    '--checksum',
    '--use-console-writer',
    ...['--metrics-listen-addr', '127.0.0.1:0'],
  ];
}

/** Every new order is either in the snapshot or in the slot: the servers are asked, and the sum must be right. */
async function tellWhereOrdersAre(stage: Stage, last: number, placed: number): Promise<void> {
  const [moved] = await runSql<{ orders: number }>(
    stage.target.url,
    `SELECT count(*)::int AS orders FROM orders WHERE id > ${last}`,
  );
  const waiting = await ordersInSlot(stage.source.url);
  const arrived = moved?.orders ?? 0;
  heading('What became of the orders that came in meanwhile');
  say(`  ${counted(placed, 'order')} placed on the old server while tsmolt ran`);
  say(`  ${counted(arrived, 'order')} from before the snapshot: moved with it`);
  say(
    `  ${counted(waiting, 'order')} from after the snapshot: not on the new server, waiting in ${slot} for replication`,
  );
  if (arrived + waiting !== placed)
    throw new Error(`${placed - arrived - waiting} orders are neither moved nor waiting`);
}

/** Changes are looked at and stay in the slot. A message that inserts a row into `orders` begins with I and its oid. */
async function ordersInSlot(source: string): Promise<number> {
  const [row] = await runSql<{ orders: number }>(
    source,
    `SELECT count(*)::int AS orders
     FROM pg_logical_slot_peek_binary_changes('${slot}', NULL, NULL, 'proto_version', '1', 'publication_names', 'molt_fetch')
     WHERE substr(data, 1, 5) = 'I'::bytea || decode(lpad(to_hex('orders'::regclass::oid::int), 8, '0'), 'hex')`,
  );
  return row?.orders ?? 0;
}
