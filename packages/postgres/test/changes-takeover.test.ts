import { randomBytes } from 'node:crypto';
import type { RememberedReader } from '@tsmolt/core';
import { sharedServer } from '@tsmolt/testkit';
import { mutationsOf, readToEnd, readUntil } from '@tsmolt/testkit/contracts';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openDatabase, openStream, named, streamedDatabase } from './change-streams.js';
import type { StreamedDatabase } from './change-streams.js';

describe('whoever takes a stream over', () => {
  let db: StreamedDatabase;
  beforeEach(async () => {
    db = await streamedDatabase(
      await sharedServer('postgres18'),
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      `ALTER TABLE t ALTER v SET STORAGE EXTERNAL`,
    );
  });
  afterEach(() => db.close());

  async function readerOf(): Promise<number | undefined> {
    const [row] = await db.sql<{ pid: number | null }>(
      `SELECT active_pid AS pid FROM pg_replication_slots WHERE slot_name = '${db.name}'`,
    );
    return row?.pid ?? undefined;
  }

  function memory(): RememberedReader & { session: string | undefined } {
    return {
      session: undefined,
      load() {
        return Promise.resolve(this.session);
      },
      save(session) {
        this.session = session;
        return Promise.resolve();
      },
    };
  }

  test('ends the session of the process before, though that waits to send what nobody takes', async () => {
    const reader = memory();
    const frozen = await db.open(['t'], { reader, bufferBytes: 1024 });
    const controller = new AbortController();
    const reading = frozen.changes(undefined, controller.signal)[Symbol.asyncIterator]();
    // More than sockets hold.
    await db.sql(`INSERT INTO t SELECT i, repeat('x', 10000) FROM generate_series(1, 2000) i`);
    await reading.next();
    const waits = `SELECT FROM pg_stat_activity WHERE pid = $pid AND wait_event = 'WalSenderWriteData'`;
    const pid = await readerOf();
    await expect.poll(() => db.sql(waits.replace('$pid', String(pid)))).toHaveLength(1);
    const next = await db.open(['t'], { reader });
    expect(next.warnings).toEqual([
      expect.stringContaining(`replication slot ${db.name} was still read by process ${pid} of the source`),
    ]);
    expect(mutationsOf(await readToEnd(next, undefined))).toHaveLength(2000);
    controller.abort();
  });

  test('waits for it, and says so, where its user may not end it', async () => {
    const reader = memory();
    const first = await db.open(['t'], { reader });
    const reading = readUntil(first, undefined, () => false);
    reading.catch(() => undefined);
    await expect.poll(readerOf).toBeDefined();
    const role = `r_${randomBytes(5).toString('hex')}`;
    await db.sql(
      `CREATE ROLE ${role} LOGIN REPLICATION PASSWORD 'secret'`,
      `GRANT USAGE ON SCHEMA public TO ${role}`,
      `GRANT SELECT ON t TO ${role}`,
    );
    const url = new URL(db.url);
    [url.username, url.password] = [role, 'secret'];
    const database = await openDatabase(url.href);
    const open = (): Promise<unknown> =>
      openStream(database, { ...named(['t']), slot: db.name, publication: db.name, reader });
    const still = `replication slot ${db.name} is still read by process ${await readerOf()} of the source.* after wal_sender_timeout \\(1min\\)`;
    const refusal = (words: string): object => ({
      code: 'TSM5007',
      kind: 'retry',
      message: expect.stringMatching(words) as string,
    });
    await expect(open()).rejects.toMatchObject(refusal(`${still}.*it is of another user`));
    await db.sql(`GRANT pg_read_all_stats TO ${role}`);
    await expect(open()).rejects.toMatchObject(refusal(`${still}.*(must be a|permission denied)`));
    await first.close();
    await database.close();
    await db.sql(`DROP OWNED BY ${role}`, `DROP ROLE ${role}`);
  });
});
