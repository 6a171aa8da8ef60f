import { setTimeout as delay } from 'node:timers/promises';
import { connectSql } from '@tsmolt/testkit';

/** Has PostgreSQL send what is larger before its end, to a replicator that asks for that. */
export const streamingSettings = { logical_decoding_work_mem: '64kB' };

/** Which processes stream: all, or every second one, for what one has kept in staging is nothing to the next. */
export type Streaming = 'always' | 'by turns';

/** @param process counted from 1 */
export function streamingArgs(streaming: Streaming | undefined, process: number): readonly string[] {
  const streams = streaming === 'always' || (streaming === 'by turns' && process % 2 === 1);
  return streams ? ['--streamLargeTransactions'] : [];
}

/** @returns how many transactions the source has sent before their end; it forgets its own count when it crashes */
export async function countStreamed(source: string, stop: AbortSignal): Promise<number> {
  const counted = { before: 0, now: 0 };
  while (!stop.aborted) {
    try {
      await lookUntil(stop, await connectSql(source), counted);
    } catch {
      // The server is being restarted.
      await delay(50);
    }
  }
  return counted.before + counted.now;
}

async function lookUntil(
  stop: AbortSignal,
  client: Awaited<ReturnType<typeof connectSql>>,
  counted: { before: number; now: number },
): Promise<void> {
  const sql = 'SELECT coalesce(sum(stream_txns), 0)::int AS count FROM pg_stat_replication_slots';
  try {
    while (!stop.aborted) {
      const { rows } = await client.query<{ count: number }>(sql);
      const count = rows[0]?.count ?? 0;
      if (count < counted.now) counted.before += counted.now;
      counted.now = count;
      await delay(100);
    }
  } finally {
    await client.end();
  }
}
