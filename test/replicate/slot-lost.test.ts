import { connectSql, createDatabase, runSql, sharedServer, startPostgres18 } from '@tsmolt/testkit';
import type { RunningServer, TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { answered, arrives, startFollowing } from '../support/replication.js';
import { catchUp, fetchFrom } from '../support/replicator.js';
import type { Stream } from '../support/replicator.js';

let server: RunningServer;
beforeAll(async () => {
  // Four segments of the log.
  const settings = { max_slot_wal_keep_size: '64MB', min_wal_size: '32MB', max_wal_size: '64MB' };
  server = await startPostgres18({ settings });
});
afterAll(() => server.stop());

let databases: TestDatabase[];
let stream: Stream;
beforeEach(async () => {
  databases = [await createDatabase(server), await createDatabase(await sharedServer('postgres18'))];
  const [source = '', target = ''] = databases.map(({ url }) => url);
  await runSql(source, 'CREATE TABLE t (id int PRIMARY KEY, v text)', `INSERT INTO t VALUES (0, 'fetched')`);
  stream = await fetchFrom(source, target);
});
afterEach(async () => {
  for (const database of databases) await database.drop();
});

let next = 1;
/** Writes on the source, so that the log goes on by so many segments, and lets the server remove what nobody may keep. */
async function write(segments: number): Promise<void> {
  for (let round = 0; round < segments; round++) {
    await runSql(stream.source, `INSERT INTO t VALUES (${next++}, 'later')`, 'SELECT pg_switch_wal()');
  }
  await runSql(stream.source, 'CHECKPOINT');
}

const slotState = async (): Promise<unknown> => {
  const [row] = await runSql(
    stream.source,
    'SELECT wal_status, invalidation_reason FROM pg_replication_slots WHERE database = current_database()',
  );
  return row;
};

/** What is told in either way: as an error of the library, and by the command. */
const lost = {
  words:
    /TSM5005: replication slot .* has been invalidated: wal_removed.*\nDrop the slot, raise max_slot_wal_keep_size .* and fetch again/,
  error: {
    code: 'TSM5005',
    message: expect.stringMatching(/replication slot .* has been invalidated: wal_removed/) as string,
    advice: expect.stringMatching(/Drop the slot, raise max_slot_wal_keep_size .* and fetch again/) as string,
  },
};

test('the command warns while the log is still kept, and says afterwards that it is lost and what to do', async () => {
  await write(3);
  const warned = await catchUp(stream);
  expect(warned.exitCode, warned.failure).toBe(0);
  const warning =
    /WARN .* the source keeps much of its log .* limit_bytes=(\d+) retained_bytes=(\d+) state=reserved/;
  const [, limit, retained] = warning.exec(warned.stdout) ?? [];
  expect(Number(retained), warned.stdout).toBeGreaterThan(Number(limit) / 2);
  await write(8);
  expect(await slotState()).toEqual({ wal_status: 'lost', invalidation_reason: 'wal_removed' });
  const failed = await catchUp(stream);
  expect(failed.exitCode).not.toBe(0);
  expect(failed.stderr).toMatch(lost.words);
  expect(failed.stderr).toContain(`replication slot ${stream.from[1]} has`);
});

test('a replication that runs, and is held up by its target until the log is gone, ends with the same words', async () => {
  const holder = await connectSql(stream.target);
  try {
    await holder.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
    const following = startFollowing(stream);
    following.ended.catch(() => undefined);
    await runSql(stream.source, `INSERT INTO t VALUES (${next++}, 'held up')`);
    await arrives(stream.target, `SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass`);
    await answered(async () => {
      await write(4);
      const { wal_status } = (await slotState()) as { readonly wal_status: string };
      return wal_status === 'lost' ? true : undefined;
    }, 'the slot is lost');
    await holder.query('ROLLBACK');
    await expect(following.ended).rejects.toMatchObject(lost.error);
  } finally {
    await holder.end();
  }
});
