import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectSql, createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import { replicationStatus } from 'tsmolt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  answered,
  arrives,
  differences,
  follow,
  rowsOf,
  slotPair,
  startFollowing,
} from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { catchUp, startReplicator } from '../support/replicator.js';
import { tsmolt } from '../support/tsmolt.js';

describe('a replication', () => {
  let pair: SlotPair;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tsmolt-replicate-'));
    pair = await slotPair();
    await pair.onBoth(
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      'CREATE TABLE u (id int PRIMARY KEY, v text)',
    );
    // What was written to the target, and how often.
    await pair.onTarget(
      `CREATE TABLE writes (id int);
       CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO public.writes VALUES (NEW.id); RETURN NEW; END $$;
       CREATE TRIGGER note AFTER INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION note()`,
    );
    await follow(pair);
  });
  afterAll(async () => {
    await pair.drop();
    await rm(folder, { recursive: true, force: true });
  });

  const writesOf = (from: number) => rowsOf(pair.target, `(SELECT id FROM writes WHERE id >= ${from})`);

  test('drains at SIGTERM, ends with 0, and goes on from there without loss or repetition', async () => {
    const running = startReplicator(pair);
    await running.printed(/going on from the checkpoint/);
    await pair.onSource(`INSERT INTO t VALUES (10, 'a'), (11, 'b')`, `INSERT INTO t VALUES (12, 'c')`);
    await arrives(pair.target, 'SELECT FROM t WHERE id = 12');
    running.process.kill('SIGTERM');
    const done = await running.finished;
    expect(done.exitCode, done.stdout + done.stderr).toBe(0);
    expect(done.stdout).toMatch(/draining: .*\n(?:.*\n)*INFO .* drained .*changes=3/);
    await pair.onSource(`INSERT INTO t VALUES (13, 'd')`);
    const next = await catchUp(pair);
    expect(next.exitCode, next.stdout).toBe(0);
    expect(next.stdout).toMatch(/everything up to --until is on the target .*changes=1 .*transactions=1/);
    expect(await differences(pair, 't')).toEqual([]);
    expect(await writesOf(10)).toEqual(['(10)', '(11)', '(12)', '(13)']);
  });

  test('drains where nobody reads its log any more, and says so on standard error', async () => {
    const running = startReplicator(pair);
    await running.printed(/going on from the checkpoint/);
    running.process.stdout?.destroy();
    await pair.onSource(`INSERT INTO u VALUES (1, 'unread')`);
    const done = await running.finished;
    expect(done.exitCode, done.stderr).toBe(1);
    expect(done.stderr).toMatch(/^Error TSM4006: standard output was closed/);
    expect(done.stderr).not.toMatch(/^\s+at /m);
    expect(await differences(pair, 'u')).toEqual([]);
  });

  test('ends at once at a second signal, or when its grace is over, and nothing is lost by that', async () => {
    const locker = await connectSql(pair.target);
    try {
      await locker.query('BEGIN; LOCK TABLE t IN SHARE MODE');
      await pair.onSource(`INSERT INTO t VALUES (20, 'late')`);
      const waitsForLock = `SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass`;
      const twice = startReplicator(pair);
      await arrives(pair.target, waitsForLock);
      twice.process.kill('SIGTERM');
      await twice.printed(/draining/);
      twice.process.kill('SIGTERM');
      expect((await twice.finished).exitCode).toBe(143);
      // What a process leaves behind that may not clean up: its session that waits for the lock, and its lease.
      await runSql(
        pair.target,
        `SELECT pg_terminate_backend(pid, 5000) FROM pg_locks WHERE NOT granted AND relation = 't'::regclass`,
        'DELETE FROM _replicator.leases',
      );
      const patient = startReplicator(pair, '--gracePeriod', '100ms');
      await patient.printed(/going on from the checkpoint/);
      await arrives(pair.target, waitsForLock);
      patient.process.kill('SIGTERM');
      const over = await patient.finished;
      expect(over.exitCode).toBe(143);
      expect(over.stderr).toMatch(/TSM1005.*without loss/s);
    } finally {
      await locker.end();
    }
    await follow(pair);
    expect(await differences(pair, 't')).toEqual([]);
    expect(await writesOf(20)).toEqual(['(20)']);
  });

  test('goes on with smaller batches behind a statement that took too long', async () => {
    const locker = await connectSql(pair.target);
    try {
      await locker.query('BEGIN; LOCK TABLE t IN SHARE MODE');
      await pair.onSource(`INSERT INTO t VALUES (25, 'locked out')`);
      const running = startReplicator(pair, '--applyTimeout', '200ms', '--until', 'now');
      await running.printed(/statement timeout.*; going on from the checkpoint .*--applyTimeout/);
      await locker.query('ROLLBACK');
      const done = await running.finished;
      expect(done.exitCode, done.stdout + done.stderr).toBe(0);
    } finally {
      await locker.end();
    }
    expect(await writesOf(25)).toEqual(['(25)']);
  });

  test('has nothing to drain while it waits for its lease, or for a table that is locked', async () => {
    await pair.onTarget(
      `INSERT INTO _replicator.leases (name, expires, nonce)
        SELECT key, now() + INTERVAL '1 day', gen_random_uuid() FROM _replicator.memo WHERE key LIKE '%-wal-offset-%.public'`,
    );
    const waiting = startReplicator(pair);
    await waiting.printed(/waiting for its lease/);
    waiting.process.kill('SIGTERM');
    const drained = await waiting.finished;
    expect(drained.exitCode, drained.stderr).toBe(0);
    expect(drained.stdout).toMatch(/ drained /);
    await pair.onTarget('DELETE FROM _replicator.leases');

    const locker = await connectSql(pair.target);
    try {
      await locker.query('BEGIN; LOCK TABLE t IN ACCESS EXCLUSIVE MODE');
      const starting = startReplicator(pair);
      await arrives(
        pair.target,
        `SELECT FROM pg_locks WHERE NOT granted AND relation = 't'::regclass AND mode = 'AccessShareLock'`,
      );
      starting.process.kill('SIGTERM');
      const ended = await starting.finished;
      expect(ended.exitCode, ended.stderr).toBe(0);
      expect(await rowsOf(pair.target, '_replicator.leases')).toEqual([]);
    } finally {
      await locker.end();
    }
  });

  test('ends at a position, with everything before it', async () => {
    await pair.onSource(`INSERT INTO t VALUES (30, 'before')`);
    const [end] = await runSql<{ lsn: string }>(pair.source, 'SELECT pg_current_wal_lsn()::text AS lsn');
    const running = startReplicator(pair, '--until', end?.lsn ?? '');
    const done = await running.finished;
    expect(done.exitCode, done.stdout).toBe(0);
    expect(await differences(pair, 't')).toEqual([]);
  });

  test('says under -v what the walk-throughs show, and which flags have no effect', async () => {
    await pair.onSource(`INSERT INTO t VALUES (40, 'x'), (41, 'y')`, 'DELETE FROM t WHERE id = 10');
    const done = await catchUp(pair, '--scanSize', '5', '--stagingMaxPoolSize', '7');
    const target = new URL(pair.target).pathname.slice(1);
    expect(done.stdout).toMatch(
      new RegExp(
        String.raw`^DEBUG  \[.{15}\] upserted rows +conflicts=0 duration=[\d.]+ms proposed=\d target="\\"${target}\\"\.\\"public\\"\.\\"t\\"" upserted=2$`,
        'm',
      ),
    );
    expect(done.stdout).toMatch(/^DEBUG  \[.{15}\] progressed to LSN: [0-9A-F]+\/[0-9A-F]+$/m);
    expect(done.stdout).toMatch(/--scanSize has no effect/);
    expect(done.stdout).toMatch(/--stagingMaxPoolSize has no effect/);
    expect(done.stdout + done.stderr).not.toContain(new URL(pair.target).password || 'never');
  });

  test('logs in JSON, into a file', async () => {
    await pair.onSource(`INSERT INTO t VALUES (50, 'x')`);
    const file = join(folder, 'replicator.log');
    const done = await catchUp(pair, '--logFormat', 'json', '--logDestination', file);
    expect(done.stdout).toBe('');
    const lines = (await readFile(file, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'debug',
        message: 'upserted rows',
        conflicts: 0,
        proposed: 1,
        upserted: 1,
      }),
    );
  });

  test('writes its metrics to files, and deletes what is too much of them', async () => {
    const running = startReplicator(
      pair,
      ...['--dataDir', folder, '--metricsSnapshotPeriod', '20ms', '--metricsSnapshotCompression', 'none'],
      ...['--metricsSnapshotRetentionSize', '3kB'],
    );
    await running.printed(/going on from the checkpoint/);
    const snapshots = join(folder, 'metrics-snapshots');
    const seen = new Set<string>();
    await answered(async () => {
      for (const name of await readdir(snapshots).catch(() => [])) seen.add(name);
      return seen.size < 3 ? undefined : true;
    }, 'three snapshots');
    running.process.kill('SIGTERM');
    expect((await running.finished).exitCode).toBe(0);
    expect([...seen].every((name) => /^metrics-\d{8}T\d{6}\.\d{3}Z\.prom$/.test(name))).toBe(true);
    expect((await readdir(snapshots)).length).toBeLessThan(seen.size);
    const kept = await catchUp(
      pair,
      '--dataDir',
      folder,
      '--metricsSnapshotPeriod',
      '20ms',
      '--metricsSnapshotCompression',
      'gzip',
    );
    expect(kept.exitCode).toBe(0);
    expect((await readdir(snapshots)).some((name) => name.endsWith('.prom.gz'))).toBe(true);
  });

  test('tells how far it has come', async () => {
    await pair.onSource(`INSERT INTO t VALUES (60, 'x')`);
    await follow(pair);
    const { streams, backlog } = await replicationStatus({ stagingConn: pair.target });
    const [end] = await runSql<{ past: boolean }>(
      pair.source,
      `SELECT pg_current_wal_lsn() >= '${streams[0]?.checkpoint ?? ''}'::pg_lsn AS past`,
    );
    expect(end?.past).toBe(true);
    expect(backlog).toEqual([]);
    expect(streams).toMatchObject([
      { status: { phase: 'ended', changes: 1, transactions: 1 }, lagSeconds: expect.any(Number) as number },
    ]);
    const text = await tsmolt('replicator', 'status', '--stagingConn', pair.target);
    expect(text.exitCode, text.stderr).toBe(0);
    expect(text.stdout).toMatch(
      /^pglogical-wal-offset-.*\n {2}checkpoint +[0-9A-F]+\/[0-9A-F]+\n[^]*1 changes? in 1 transactions?[^]*Nothing waits in staging\.\n$/,
    );
    const json = await tsmolt('replicator', 'status', '--stagingConn', pair.target, '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      streams: [{ checkpoint: streams[0]?.checkpoint }],
      backlog: [],
    });
    const nowhere = await tsmolt(
      'replicator',
      'status',
      '--stagingConn',
      pair.target,
      '--stagingSchema',
      'nowhere',
    );
    expect(nowhere.exitCode).toBe(1);
    expect(nowhere.stderr).toMatch(/TSM7004.*nowhere/s);
  });

  test.each([
    { enableParallelApplies: true, parallelism: 3 },
    { collapseMutations: false },
    { flushSize: 1 },
    { timestampLimit: 1 },
  ])('with %o', async (request) => {
    await pair.onSource(
      'TRUNCATE t, u',
      `INSERT INTO t SELECT i, 'a' FROM generate_series(1, 500) i; INSERT INTO u SELECT i, 'a' FROM generate_series(1, 500) i`,
      `UPDATE t SET v = 'b' WHERE id % 2 = 0; UPDATE u SET v = 'c'; UPDATE u SET id = id + 1000 WHERE id < 10; DELETE FROM t WHERE id % 3 = 0`,
      `DELETE FROM u WHERE id > 1005; INSERT INTO u VALUES (1006, 'again'); UPDATE u SET v = 'twice' WHERE id = 1006`,
    );
    await follow(pair, { onTruncate: 'apply', ...request });
    expect(await differences(pair, 't', 'u')).toEqual([]);
  });

  // The last one: it moves the slot on, and the checkpoint in the target's own staging schema is an old one then.
  test('keeps its memory in another database', async () => {
    const staging = await createDatabase(await sharedServer('postgres18'));
    try {
      const request = { stagingConn: staging.url };
      await pair.onSource(`INSERT INTO u VALUES (2001, 'a')`, `INSERT INTO u VALUES (2002, 'b')`);
      await follow(pair, request);
      await pair.onTarget('ALTER TABLE u ADD CONSTRAINT no_c CHECK (v <> $$blocked$$)');
      await pair.onSource(
        `INSERT INTO u VALUES (2003, 'blocked')`,
        `UPDATE u SET v = 'free' WHERE id = 2003`,
        `INSERT INTO u VALUES (2004, 'd')`,
      );
      const running = startFollowing(pair, { ...request, quiescentPeriod: 20, timestampLimit: 1 });
      await running.said(/waits in staging/);
      await arrives(pair.target, 'SELECT FROM u WHERE id = 2004');
      await running.drain();
      expect((await replicationStatus(request)).backlog).toMatchObject([{ waiting: 2 }]);
      await pair.onTarget('ALTER TABLE u DROP CONSTRAINT no_c');
      await follow(pair, request);
      expect(await differences(pair, 'u')).toEqual([]);
      expect((await replicationStatus(request)).backlog).toEqual([]);
    } finally {
      await staging.drop();
    }
  });
});
