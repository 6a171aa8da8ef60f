import { getEventListeners } from 'node:events';
import { asTsmoltError } from '@tsmolt/core';
import type { ChangeChunk, ChangeEvent, ChangeSource, TsmoltError } from '@tsmolt/core';
import { connectSql, sharedServer, startTcpProxy } from '@tsmolt/testkit';
import type { TcpProxy } from '@tsmolt/testkit';
import { hasReached, mutationsOf, readToEnd, readUntil, transactionsOf } from '@tsmolt/testkit/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { named, openDatabase, openStream, streamedDatabase } from './change-streams.js';
import type { StreamedDatabase } from './change-streams.js';

const never = new AbortController().signal;
const table = 'CREATE TABLE t (id int PRIMARY KEY, v text)';

let db: StreamedDatabase;
afterEach(() => db.close());

async function slotOf(): Promise<{ readonly active: boolean; readonly confirmed: string }> {
  const [slot] = await db.sql<{ active: boolean; confirmed: string }>(
    `SELECT active, confirmed_flush_lsn::text AS confirmed FROM pg_replication_slots WHERE slot_name = '${db.name}'`,
  );
  if (slot === undefined) throw new Error('the slot is gone');
  return slot;
}

const terminate = (): Promise<unknown> =>
  db.sql(`SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = '${db.name}'`);

/** Reads like a replicator: knows what is committed and where to go on, and acknowledges each commit. */
class Follower {
  readonly ids: string[] = [];
  readonly failures: TsmoltError[] = [];
  position: string;
  readonly #source: ChangeSource;
  #open: ChangeEvent[] = [];

  constructor(source: ChangeSource, from: string) {
    this.#source = source;
    this.position = from;
  }

  /** Goes on after each failure, until everything that was committed before is there. */
  async follow(each: () => Promise<unknown>): Promise<void> {
    const isLast = hasReached(this.#source, await this.#source.currentPosition());
    while (!(await this.#read(isLast, each)));
  }

  /** @returns false where the connection was lost before the end */
  async #read(isLast: (event: ChangeEvent) => boolean, each: () => Promise<unknown>): Promise<boolean> {
    this.#open = [];
    try {
      for await (const { events } of this.#source.changes(this.position, never)) {
        for (const event of events) this.#take(event);
        if (events.some(isLast)) break;
        await each();
      }
      return true;
    } catch (thrown) {
      this.failures.push(asTsmoltError(thrown));
      return false;
    }
  }

  #take(event: ChangeEvent): void {
    this.#open.push(event);
    if (event.kind !== 'commit') return;
    this.ids.push(...mutationsOf(this.#open).map(({ row }) => row['id'] ?? ''));
    this.position = event.position;
    this.#source.acknowledge(event.position);
    this.#open = [];
  }
}

/** Opens the stream of `t` through a proxy, for the failures of a network. */
async function throughProxy(
  proxy: TcpProxy,
  settings: { readonly parameters?: string; readonly bufferBytes?: number } = {},
): Promise<{ readonly source: ChangeSource; readonly close: () => Promise<void> }> {
  const url = new URL(db.url);
  url.port = String(proxy.port);
  if (settings.parameters !== undefined) url.searchParams.set('options', settings.parameters);
  const database = await openDatabase(url.href);
  const { bufferBytes = 1024 * 1024 } = settings;
  const source = await openStream(database, {
    slot: db.name,
    publication: db.name,
    bufferBytes,
    ...named(['t']),
  });
  const close = async (): Promise<void> => {
    await source.close();
    await database.close();
  };
  return { source, close };
}

async function eventsOf(reader: AsyncIterator<ChangeChunk>): Promise<readonly ChangeEvent[]> {
  const next = await reader.next();
  if (next.done === true) throw new Error('the stream ended by itself');
  return next.value.events;
}

/** The walsender of the stream, as the server shows it. */
function walsender(expressions: string): Promise<unknown[]> {
  return db.sql(
    `SELECT ${expressions} FROM pg_stat_activity a JOIN pg_stat_replication r USING (pid)
      JOIN pg_replication_slots s ON s.active_pid = a.pid WHERE s.slot_name = '${db.name}'`,
  );
}

describe.each(['postgres18', 'postgres15'] as const)('%s', (server) => {
  test('20 000 small transactions, though the session is terminated again and again', async () => {
    db = await streamedDatabase(await sharedServer(server), table);
    const source = await db.open(['t'], { bufferBytes: 256 * 1024 });
    const from = await source.currentPosition();
    await db.sql(
      `DO $$ BEGIN FOR i IN 1..20000 LOOP INSERT INTO t VALUES (i, 'v'); COMMIT; END LOOP; END $$`,
    );
    const follower = new Follower(source, from);
    let next = 1000;
    await follower.follow(async () => {
      const { length } = follower.ids;
      if (length < next || length > 15_000) return;
      next = length + 1000;
      await terminate();
    });
    expect(follower.failures.map(({ kind }) => kind)).toEqual(follower.failures.map(() => 'retry'));
    expect(follower.failures.length).toBeGreaterThan(1);
    expect(follower.ids).toEqual(Array.from({ length: 20_000 }, (_, index) => String(index + 1)));
  });

  test('a transaction of 300 000 rows is not read further than the buffer, and the session lives on', async () => {
    const address = await sharedServer(server);
    db = await streamedDatabase(address, 'CREATE TABLE t (id int PRIMARY KEY, v text)');
    await using proxy = await startTcpProxy(Number(new URL(address.url).port));
    // The server would end a session that is silent for so long.
    const { source, close } = await throughProxy(proxy, { parameters: '-c wal_sender_timeout=1000' });
    const from = await source.currentPosition();
    await db.sql(`INSERT INTO t SELECT i, repeat('x', 200) FROM generate_series(1, 300000) i`);
    const isLast = hasReached(source, await source.currentPosition());
    const reader = source.changes(from, never)[Symbol.asyncIterator]();
    let events = await eventsOf(reader);
    const waiting = { timeout: 20_000 };
    await expect
      .poll(() => walsender('a.wait_event'), waiting)
      .toEqual([{ wait_event: 'WalSenderWriteData' }]);
    expect(proxy.bytesForwarded).toBeLessThan(20_000_000);
    // The server hears from it although nothing is read: the session outlives its timeout.
    const lives = `now() - r.reply_time < '1 s' AS answered, now() - a.backend_start > '3 s' AS old`;
    await expect.poll(() => walsender(lives), waiting).toEqual([{ answered: true, old: true }]);
    let rows = mutationsOf(events).length;
    while (!events.some(isLast)) {
      events = await eventsOf(reader);
      rows += mutationsOf(events).length;
    }
    expect(rows).toBe(300_000);
    expect(proxy.bytesForwarded).toBeGreaterThan(60_000_000);
    await reader.return?.();
    await close();
  });

  test('the slot moves as far as was acknowledged, and no further', async () => {
    db = await streamedDatabase(await sharedServer(server), table);
    const source = await db.open(['t']);
    const from = await source.currentPosition();
    for (let id = 1; id <= 3; id++) await db.sql(`INSERT INTO t VALUES (${id}, 'v')`);
    const [first = '', second = ''] = transactionsOf(await readToEnd(source, from)).map(
      ({ position }) => position,
    );
    const before = (await slotOf()).confirmed;
    const controller = new AbortController();
    let heartbeats = 0;
    for await (const { events } of source.changes(from, controller.signal)) {
      heartbeats += events.filter(({ kind }) => kind === 'heartbeat').length;
      // Each answers a status that has been sent: nothing is acknowledged by it.
      if (heartbeats > 5) controller.abort();
    }
    expect((await slotOf()).confirmed).toBe(before);
    source.acknowledge(first);
    const reading = readUntil(source, first, () => false).catch((thrown: unknown) => thrown);
    await expect.poll(async () => (await slotOf()).confirmed).toBe(first);
    source.acknowledge(second);
    source.acknowledge(first);
    await source.close();
    await reading;
    expect(await slotOf()).toEqual({ active: false, confirmed: second });
  });

  test('a network that breaks is an error to retry, and so is a session that the server still has', async () => {
    const address = await sharedServer(server);
    db = await streamedDatabase(address, table);
    await using proxy = await startTcpProxy(Number(new URL(address.url).port));
    const { source, close } = await throughProxy(proxy);
    const from = await source.currentPosition();
    const reading = readUntil(source, from, () => false);
    reading.catch(() => undefined);
    await expect.poll(async () => (await slotOf()).active).toBe(true);
    await expect(readToEnd(source, from)).rejects.toMatchObject({
      kind: 'retry',
      message: expect.stringContaining(`"${db.name}" is active for PID`) as string,
    });
    proxy.cut();
    await expect(reading).rejects.toMatchObject({ code: 'TSM2007', kind: 'retry' });
    proxy.refuse();
    await expect(readToEnd(source, from)).rejects.toMatchObject({ kind: 'retry' });
    proxy.accept();
    await expect.poll(async () => (await slotOf()).active).toBe(false);
    await db.sql(`INSERT INTO t VALUES (1, 'v')`);
    expect(mutationsOf(await readToEnd(source, from))).toHaveLength(1);
    await close();
  });

  test('the slot is free though the reader holds a chunk, when it is told to stop and when it is closed', async () => {
    db = await streamedDatabase(await sharedServer(server), table);
    const source = await db.open(['t'], { bufferBytes: 64 * 1024 });
    const from = await source.currentPosition();
    await db.sql(`INSERT INTO t SELECT i, 'v' FROM generate_series(1, 50000) i`);
    const controller = new AbortController();
    const ends = [async () => controller.abort(), () => source.close()];
    for (const end of ends) {
      const { signal } = end === ends[0] ? controller : new AbortController();
      const reader = source.changes(from, signal)[Symbol.asyncIterator]();
      const first = await reader.next();
      expect(first.done).toBe(false);
      expect(await slotOf()).toMatchObject({ active: true });
      await end();
      await expect.poll(async () => (await slotOf()).active).toBe(false);
      expect(await reader.next()).toEqual({ done: true, value: undefined });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    }
  });

  test('what an uncommitted transaction wrote last does not keep the end of the log from being reached', async () => {
    db = await streamedDatabase(await sharedServer(server), table);
    const source = await db.open(['t']);
    const from = await source.currentPosition();
    const [open, hasty] = [await connectSql(db.url), await connectSql(db.url)];
    await hasty.query('SET synchronous_commit = off');
    await open.query('BEGIN');
    await open.query(`INSERT INTO t VALUES (1, 'open')`);
    await hasty.query(`INSERT INTO t VALUES (2, 'hasty')`);
    await open.query(`INSERT INTO t VALUES (3, 'open')`);
    expect(mutationsOf(await readToEnd(source, from)).map(({ row }) => row['id'])).toEqual(['2']);
    await open.query('COMMIT');
    expect(mutationsOf(await readToEnd(source, from)).map(({ row }) => row['id'])).toEqual(['2', '1', '3']);
    await open.end();
    await hasty.end();
  });
});
