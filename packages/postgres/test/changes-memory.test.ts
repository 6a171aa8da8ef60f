import { sharedServer } from '@tsmolt/testkit';
import { mutationsOf, readToEnd } from '@tsmolt/testkit/contracts';
import { expect, test, vi } from 'vitest';
import { streamedDatabase } from './change-streams.js';

const mebibyte = 1024 * 1024;

/** How many transactions the server wrote to its disk before it sent them. */
async function spilled(
  server: 'postgres18' | 'postgres15',
  ownMemory: string,
  decodingBytes: number | undefined,
): Promise<number> {
  const db = await streamedDatabase(
    await sharedServer(server),
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
  );
  try {
    await db.sql(
      `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET logical_decoding_work_mem = ''${ownMemory}''', current_database()); END $$`,
    );
    const source = await db.open(['t'], decodingBytes === undefined ? {} : { decodingBytes });
    const from = await source.currentPosition();
    await db.sql(`INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 10000) AS i`);
    expect(mutationsOf(await readToEnd(source, from))).toHaveLength(10_000);
    return await vi.waitFor(async () => {
      const [row] = await db.sql<{ total: string; spilled: string }>(
        `SELECT total_txns AS total, spill_txns AS spilled FROM pg_stat_replication_slots WHERE slot_name = '${db.name}'`,
      );
      expect(Number(row?.total)).toBeGreaterThan(0);
      return Number(row?.spilled);
    });
  } finally {
    await db.close();
  }
}

test.each(['postgres18', 'postgres15'] as const)(
  '%s puts a large transaction together in the memory that it is allowed, and in its own where that is more',
  async (server) => {
    expect(await spilled(server, '64kB', undefined)).toBe(1);
    expect(await spilled(server, '64kB', 64 * mebibyte)).toBe(0);
    expect(await spilled(server, '64MB', mebibyte)).toBe(0);
  },
);
