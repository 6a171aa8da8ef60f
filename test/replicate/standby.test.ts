import { setInterval as every } from 'node:timers/promises';
import { createDatabase, runSql, sharedServer, startPostgres18, startStandby } from '@tsmolt/testkit';
import type { RunningServer, TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { arrives, differences, follow, startFollowing } from '../support/replication.js';
import type { Stream } from '../support/replicator.js';
import { tsmoltFetch } from '../support/tsmolt.js';
import type { Finished } from '../support/tsmolt.js';

let primary: RunningServer;
let standby: RunningServer;
beforeAll(async () => {
  primary = await startPostgres18({ own: true });
  standby = await startStandby(primary);
});
afterAll(async () => {
  await standby.stop();
  await primary.stop();
});

let written: TestDatabase;
let target: TestDatabase;
let stream: Stream;
beforeEach(async () => {
  written = await createDatabase(primary);
  target = await createDatabase(await sharedServer('postgres18'));
  const source = new URL(standby.url);
  source.pathname = `/${written.name}`;
  stream = {
    command: 'pglogical',
    source: source.href,
    target: target.url,
    from: ['--slotName', `slot_${written.name}`, '--publicationName', 'molt_fetch'],
  };
  await onPrimary('CREATE TABLE t (id int PRIMARY KEY, v text)', `INSERT INTO t VALUES (1, 'fetched')`);
});
afterEach(async () => {
  await runSql(
    stream.source,
    'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()',
  );
  await target.drop();
});

/** Runs statements on the primary, and waits until the standby has what they did. */
async function onPrimary(...statements: string[]): Promise<void> {
  const [end] = await runSql<{ lsn: string }>(
    written.url,
    ...statements,
    'SELECT pg_current_wal_insert_lsn()::text AS lsn',
  );
  await arrives(standby.url, `SELECT WHERE pg_last_wal_replay_lsn() >= '${end?.lsn ?? ''}'`);
}

/** A slot on a standby begins at a record that the primary writes now and then; here it writes one again and again. */
async function fetchFromStandby(...args: string[]): Promise<Finished> {
  const slot = ['--direct-copy', '--pglogical-replication-slot-name', stream.from[1] ?? ''];
  const done = tsmoltFetch(stream.source, stream.target, ...slot, ...args);
  const over = new AbortController();
  void done.finally(() => over.abort());
  try {
    for await (const _ of every(100, undefined, { signal: over.signal }))
      await runSql(primary.url, 'SELECT pg_log_standby_snapshot()');
  } catch (thrown) {
    if (!over.signal.aborted) throw thrown;
  }
  return done;
}

test('without a publication: what has to be done on the primary', async () => {
  const refused = await fetchFromStandby('--table-handling', 'drop-on-target-and-recreate');
  expect(refused.exitCode).not.toBe(0);
  const error = refused.line(/standby/);
  expect(error).toMatchObject({ level: 'error', code: 'TSM5002' });
  expect(error['advice']).toContain('CREATE PUBLICATION "molt_fetch" FOR TABLE "public"."t"');
  expect(error['advice']).toContain('pg_log_standby_snapshot()');
});

test('fetch and replication from a standby, which go on when it is promoted', async () => {
  await onPrimary('CREATE PUBLICATION molt_fetch FOR TABLE t');
  const fetched = await fetchFromStandby('--table-handling', 'drop-on-target-and-recreate');
  expect(fetched.exitCode, fetched.failure).toBe(0);
  const kept = fetched.line(/publication molt_fetch exists and is kept/);
  expect(kept.message).toContain('ALTER PUBLICATION "molt_fetch" SET TABLE');
  expect(kept.message).not.toContain('drop-and-recreate');

  await onPrimary(`INSERT INTO t VALUES (2, 'streamed')`, `UPDATE t SET v = 'changed' WHERE id = 1`);
  expect(await follow(stream)).toMatchObject({ changes: 2 });
  expect(await differences(stream, 't')).toEqual([]);

  const following = startFollowing(stream);
  await onPrimary(`INSERT INTO t VALUES (3, 'before')`);
  await arrives(target.url, 'SELECT FROM t WHERE id = 3');
  await runSql(standby.url, 'SELECT pg_promote()');
  // What comes behind the row that is waited for would be left to the next run.
  await runSql(stream.source, `DELETE FROM t WHERE id = 2`, `INSERT INTO t VALUES (4, 'after')`);
  await arrives(target.url, 'SELECT FROM t WHERE id = 4');
  await following.drain();
  expect(await differences(stream, 't')).toEqual([]);
  await refusesTheLeftHistory();
});

/** The former primary has gone on, too: what a replication of it has carried is not in the history of the standby. */
async function refusesTheLeftHistory(): Promise<void> {
  await using other = await createDatabase(await sharedServer('postgres18'));
  const former = { ...stream, source: written.url, target: other.url };
  const slot = `SELECT pg_create_logical_replication_slot('slot_${written.name}', 'pgoutput')`;
  const rows = (count: number): string =>
    `INSERT INTO t SELECT i, repeat('x', 1000) FROM generate_series(100, ${count}) i`;
  await runSql(other.url, 'CREATE TABLE t (id int PRIMARY KEY, v text)');
  await runSql(former.source, slot, rows(2000));
  await follow(former);
  await runSql(stream.source, rows(5000));
  await expect(follow({ ...former, source: stream.source })).rejects.toMatchObject({
    code: 'TSM5005',
    message: expect.stringContaining('of timeline 1 of the source') as string,
  });
}
