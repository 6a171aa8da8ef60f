import { once } from 'node:events';
import { ConnectionUrl } from '@tsmolt/core';
import type { ChangeSource, Database, TransactionSpill } from '@tsmolt/core';
import { identify, quoteLiteral } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { connectSql, createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import { changeSourceContract, readToEnd, StrictReplica } from '@tsmolt/testkit/contracts';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openOptions, streamedDatabase } from './change-streams.js';
import type { StreamedDatabase } from './change-streams.js';

/** Pieces of transactions in memory. */
class MemorySpill implements TransactionSpill {
  readonly #pieces = new Map<string, Uint8Array[]>();
  readonly #rolledBack = new Map<string, ReadonlySet<number>>();
  /** How many were ever appended. */
  appended = 0;

  append(transaction: string, piece: Uint8Array): Promise<void> {
    this.appended++;
    const pieces = this.#pieces.get(transaction);
    if (pieces === undefined) this.#pieces.set(transaction, [piece]);
    else pieces.push(piece);
    return Promise.resolve();
  }

  async *read(transaction: string): AsyncIterable<Buffer> {
    for (const piece of this.#pieces.get(transaction) ?? []) yield await Promise.resolve(Buffer.from(piece));
  }

  rollBack(transaction: string, parts: readonly number[]): Promise<void> {
    this.#rolledBack.set(transaction, new Set([...(this.#rolledBack.get(transaction) ?? []), ...parts]));
    return Promise.resolve();
  }

  rolledBack(transaction: string): Promise<ReadonlySet<number>> {
    return Promise.resolve(this.#rolledBack.get(transaction) ?? new Set());
  }

  drop(transaction: string): Promise<void> {
    this.#pieces.delete(transaction);
    return Promise.resolve();
  }

  clear(): Promise<void> {
    this.#pieces.clear();
    return Promise.resolve();
  }

  /** Transactions that it holds. */
  get size(): number {
    return this.#pieces.size;
  }
}

/** The least that a server can be told to keep in memory. */
const littleMemory = "logical_decoding_work_mem = '64kB'";

/** Every single change is sent at once, before its transaction has ended. */
const eachChange = 'debug_logical_replication_streaming = immediate';

changeSourceContract('PostgreSQL 18, streaming large transactions', async () => {
  const created = await createDatabase(await sharedServer('postgres18'));
  await runSql(created.url, `ALTER DATABASE ${created.name} SET ${littleMemory}`);
  const url = ConnectionUrl.parse(created.url, '--source');
  const whole = openPostgres(await identify(url, openOptions), openOptions);
  const openChanges: NonNullable<Database['openChanges']> = (options) => {
    if (whole.openChanges === undefined) throw new Error('no changes');
    return whole.openChanges({ ...options, spill: new MemorySpill() });
  };
  const close = async (): Promise<void> => {
    await whole.close();
    await created.drop();
  };
  return { database: { ...whole, openChanges }, url: created.url, close };
});

interface Source {
  readonly db: StreamedDatabase;
  readonly spill: MemorySpill;
  readonly changes: ChangeSource;
}

/** More than the server keeps in memory. */
const many = (first: number): string =>
  `INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(${first}, ${first} + 1999) AS i`;

async function sourceOn(
  server: 'postgres18' | 'postgres15',
  setting: string,
  spill = new MemorySpill(),
): Promise<Source> {
  const db = await streamedDatabase(
    await sharedServer(server),
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET ' || ${quoteLiteral(setting)}, current_database()); END $$`,
  );
  onTestFinished(db.close);
  return { db, spill, changes: await db.open(['t'], { spill, bufferBytes: 64 * 1024 }) };
}

test('a server that cannot send a transaction while it runs is asked for it when it has been committed', async () => {
  const { db, spill, changes } = await sourceOn('postgres18', eachChange);
  const from = await changes.currentPosition();
  await db.sql(`INSERT INTO t VALUES (1, 'a')`);
  const client = await connectSql(db.url);
  const steps = [
    `BEGIN`, `INSERT INTO t VALUES (2, 'b')`, 'SAVEPOINT s', 'ALTER TABLE t ADD COLUMN no int', `INSERT INTO t VALUES (3, 'c', 3)`,
    'SAVEPOINT s2', `UPDATE t SET v = 'no'`, 'ROLLBACK TO s', `INSERT INTO t VALUES (4, 'd')`,
    'ALTER TABLE t ADD COLUMN yes int', `INSERT INTO t VALUES (5, 'e', 5)`, 'SAVEPOINT kept', `UPDATE t SET yes = id WHERE id < 3`,
    'RELEASE kept', 'COMMIT', `INSERT INTO t VALUES (6, 'f', 6)`, 'BEGIN', 'ALTER TABLE t ADD COLUMN never int',
    `INSERT INTO t VALUES (7, 'g', 7, 7)`, 'ROLLBACK', `INSERT INTO t VALUES (8, 'h', 8)`,
  ]; // prettier-ignore
  for (const step of steps) await client.query(step);
  await client.end();
  // It looks for the table as a savepoint had altered it that was rolled back, and that was altered once more.
  await expect(readToEnd(changes, from)).rejects.toMatchObject({ kind: 'retry', serverCode: 'XX000' });
  const events = await readToEnd(changes, from);
  expect(events.flatMap((event) => ('statement' in event ? [event.statement] : []))).toEqual([
    expect.stringMatching(/column "yes" .* was added$/) as string,
  ]);
  const rows = events.flatMap((event) => ('values' in event ? [event.values.join()] : []));
  expect(rows).toEqual(['1,a', '2,b', '4,d', '5,e,5', '1,a,1', '2,b,2', '6,f,6', '8,h,8']);
  expect(spill.appended).toBeGreaterThan(0);
});

test('a shape that was announced in a savepoint counts as little as its rows, where that is rolled back', async () => {
  const { db, spill, changes } = await sourceOn('postgres18', eachChange);
  const from = await changes.currentPosition();
  const client = await connectSql(db.url);
  const steps = [
    'BEGIN', `INSERT INTO t VALUES (2, 'b')`, 'SAVEPOINT s', 'ALTER TABLE t ADD COLUMN no int', `INSERT INTO t VALUES (3, 'c', 3)`,
    'ROLLBACK TO s', `INSERT INTO t VALUES (4, 'd')`, 'COMMIT', `INSERT INTO t VALUES (5, 'e')`,
  ]; // prettier-ignore
  for (const step of steps) await client.query(step);
  await client.end();
  const events = await readToEnd(changes, from);
  expect(events.flatMap((event) => ('statement' in event ? [event.statement] : []))).toEqual([]);
  expect(events.flatMap((event) => ('values' in event ? [event.values.join()] : []))).toEqual([
    '2,b',
    '4,d',
    '5,e',
  ]);
  expect(spill.appended).toBeGreaterThanOrEqual(3);
});

describe.each(['postgres18', 'postgres15'] as const)('%s', (server) => {
  const source = (spill?: MemorySpill): Promise<Source> => sourceOn(server, littleMemory, spill);

  test('transactions that run side by side, in part or wholly rolled back, come whole and in the order of their commits', async () => {
    const { db, spill, changes } = await source();
    const from = await changes.currentPosition();
    const [first, second, third] = [
      await connectSql(db.url),
      await connectSql(db.url),
      await connectSql(db.url),
    ];
    for (const client of [first, second, third]) await client.query('BEGIN');
    for (const step of [0, 1, 2]) {
      await first.query(`${many(step * 10_000)}; SAVEPOINT s; ${many(step * 10_000 + 2000)}; ROLLBACK TO s`);
      await second.query(`${many(step * 10_000 + 5000)}; UPDATE t SET v = 'u' WHERE id % 7 = ${step}`);
      await third.query(many(100_000 + step * 10_000));
      await db.sql(`INSERT INTO t VALUES (${-1 - step}, 'small')`);
    }
    await third.query('ROLLBACK');
    await second.query('COMMIT');
    await first.query('COMMIT');
    for (const client of [first, second, third]) await client.end();
    const replica = new StrictReplica();
    replica.apply(await readToEnd(changes, from));
    expect(replica.rows('t')).toEqual(await db.rows('public', 't'));
    expect(replica.rows('t')).toHaveLength(12_003);
    expect(spill.appended).toBeGreaterThan(10);
    expect(spill.size).toBe(0);
  });

  test('a spill that fails ends the stream with that, and the next one goes on without loss', async () => {
    class FailingSpill extends MemorySpill {
      fails = true;
      override append(transaction: string, piece: Uint8Array): Promise<void> {
        if (this.fails && this.appended === 2) return Promise.reject(new Error('connection terminated'));
        return super.append(transaction, piece);
      }
    }
    const spill = new FailingSpill();
    const { db, changes } = await source(spill);
    const from = await changes.currentPosition();
    await db.sql(many(1));
    await expect(readToEnd(changes, from)).rejects.toMatchObject({
      message: expect.stringContaining('connection terminated') as string,
    });
    spill.fails = false;
    const replica = new StrictReplica();
    replica.apply(await readToEnd(changes, from));
    expect(replica.rows('t')).toHaveLength(2000);
  });

  test('a stream may be left while a write to the spill does not end', async () => {
    const appending = new EventTarget();
    class StuckSpill extends MemorySpill {
      override append(): Promise<void> {
        appending.dispatchEvent(new Event('begun'));
        return new Promise(() => undefined);
      }
    }
    const { db, changes } = await source(new StuckSpill());
    const begun = once(appending, 'begun');
    const stop = new AbortController();
    const from = await changes.currentPosition();
    await db.sql(many(1));
    const end = await changes.currentPosition();
    const reading = (async () => {
      const kinds: string[] = [];
      for await (const { events } of changes.changes(from, stop.signal))
        kinds.push(...events.map(({ kind }) => kind));
      return kinds;
    })();
    await begun;
    stop.abort();
    expect(await reading).not.toContain('commit');
    expect(end).not.toBe(from);
  });
});
