import { setTimeout as delay } from 'node:timers/promises';
import { connectSql, runSql, startPostgres18 } from '@tsmolt/testkit';
import { measureRounds, report } from '../measure/rounds.js';
import type { Contender } from '../measure/rounds.js';
import { startOf } from '../measure/start-of.js';
import { runMeasured } from '../measure/run-measured.js';
import type { Measured } from '../measure/run-measured.js';
import { tsmoltCommand } from '../measure/tsmolt-command.js';
import { passThroughScript, postgresColumns, replicationFlags, results, settings } from './settings.js';

export interface Backlog {
  readonly question: string;
  readonly rows: number;
  readonly rounds: number;
  /** Writes the rows on the source. */
  readonly statement: string;
  readonly file: string;
}

/** Both contenders read the same backlog through a copy of the same slot. */
export async function besideSubscription({
  question,
  rows,
  rounds,
  statement,
  file,
}: Backlog): Promise<void> {
  const source = await startPostgres18({ own: true, durable: true, settings });
  const target = await startPostgres18({ own: true, durable: true, settings });
  const [from, to] = [new URL('/bench', source.url).href, new URL('/bench', target.url).href];
  try {
    await runSql(source.url, 'CREATE DATABASE bench TEMPLATE template0');
    await fill(from, statement);
    const prepare = async (): Promise<void> => {
      await runSql(to, 'DROP SUBSCRIPTION IF EXISTS bench').catch(() => undefined);
      await runSql(
        target.url,
        'DROP DATABASE IF EXISTS bench WITH (FORCE)',
        'CREATE DATABASE bench TEMPLATE template0',
      );
      await runSql(to, `CREATE TABLE orders (${postgresColumns})`, 'CHECKPOINT');
      await runSql(
        from,
        `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'run'`,
        `SELECT pg_copy_logical_replication_slot('base', 'run')`,
      );
    };
    const check = async (): Promise<void> => {
      const [counted] = await runSql<{ rows: number }>(to, 'SELECT count(*)::int AS rows FROM orders');
      if (counted?.rows !== rows) throw new Error(`the target holds ${counted?.rows} rows`);
    };
    const native: Contender = { name: 'subscription', prepare, run: () => subscribe(from, to, rows), check };
    const more = `--userscript '${await passThroughScript()}'`;
    const contenders = [
      { name: 'tsmolt', prepare, run: await replication(from, to, { prepare }), check },
      {
        name: 'tsmolt with a pass-through script',
        prepare,
        run: await replication(from, to, { prepare, more }),
        check,
      },
      native,
    ];
    await report(question, await measureRounds(contenders, rounds), results(file));
    await runSql(to, 'ALTER SUBSCRIPTION bench DISABLE').catch(() => undefined);
  } finally {
    await Promise.all([source.stop(), target.stop()]);
  }
}

/** What is written lies behind the slot `base`. */
async function fill(from: string, statement: string): Promise<void> {
  await runSql(
    from,
    `CREATE TABLE orders (${postgresColumns})`,
    'CREATE PUBLICATION bench FOR TABLE orders',
    `SELECT pg_create_logical_replication_slot('base', 'pgoutput')`,
  );
  const client = await connectSql(from);
  await client.query('SET synchronous_commit = off');
  await client.query(statement);
  await client.end();
}

interface Replication {
  readonly prepare: () => Promise<void>;
  readonly more?: string;
}

/** One run after the other; what its start takes is measured first. */
async function replication(
  from: string,
  to: string,
  { prepare, more = '' }: Replication,
): Promise<() => Promise<Measured>> {
  const start = await startOf(prepare, () => replicate(from, to, { slot: 'idle', more }), {
    begin: () => runSql(from, `SELECT pg_create_logical_replication_slot('idle', 'pgoutput')`),
    end: () => runSql(from, `SELECT pg_drop_replication_slot('idle')`),
  });
  return async () => ({ ...(await replicate(from, to, { more })), startSeconds: start });
}

function replicate(
  from: string,
  to: string,
  { slot = 'run', more = '' }: { readonly slot?: string; readonly more?: string } = {},
): Promise<Measured> {
  return runMeasured(
    `${tsmoltCommand()} replicator pglogical --sourceConn '${from}' --targetConn '${to}' ` +
      `--slotName ${slot} --publicationName bench --until now ${replicationFlags} ${more}`,
  );
}

async function subscribe(from: string, to: string, rows: number): Promise<Measured> {
  const client = await connectSql(to);
  try {
    await client.query(
      `CREATE SUBSCRIPTION bench CONNECTION '${from}' PUBLICATION bench
       WITH (slot_name = 'run', create_slot = false, copy_data = false, enabled = false)`,
    );
    const started = performance.now();
    await client.query('ALTER SUBSCRIPTION bench ENABLE');
    for (let seen = 0; seen < rows; await delay(20)) {
      const counted = await client.query<{ last: number }>(
        'SELECT coalesce(max(id), 0)::int AS last FROM orders',
      );
      seen = counted.rows[0]?.last ?? 0;
    }
    const seconds = (performance.now() - started) / 1000;
    await client.query('ALTER SUBSCRIPTION bench DISABLE');
    await client.query('ALTER SUBSCRIPTION bench SET (slot_name = NONE)');
    await client.query('DROP SUBSCRIPTION bench');
    return { seconds, peakBytes: 0 };
  } finally {
    await client.end();
  }
}
