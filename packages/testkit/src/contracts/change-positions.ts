import type { ChangeEvent, ChangeSource } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { rowsOnSource, smallTable } from './change-fixture.js';
import type { ChangeFixture } from './change-fixture.js';
import { mutationsOf, readToEnd, readUntil, StrictReplica, transactionsOf } from './change-streams.js';
import type { ReadTransaction } from './change-streams.js';

export function positions(fixture: ChangeFixture): void {
  test('every commit is a position from which the rest follows, and nothing else', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    for (let id = 1; id <= 5; id++) await fixture.sql(`INSERT INTO t VALUES (${id}, 'a', 1)`);
    const whole = transactionsOf(await readToEnd(source, from));
    expect(whole).toHaveLength(5);
    for (const [index, { position }] of whole.entries()) {
      const rest = mutationsOf(await readToEnd(source, position));
      expect(rest.map(({ row }) => row['id'])).toEqual(['1', '2', '3', '4', '5'].slice(index + 1));
    }
  });

  test('the end of the log is reached though nothing more is written', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    expect(mutationsOf(await readToEnd(source, from))).toEqual([]);
    await fixture.sql(`INSERT INTO t VALUES (1, 'a', 1)`);
    expect(mutationsOf(await readToEnd(source, from))).toHaveLength(1);
  });

  test('positions are ordered, and what is none is refused', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const before = await source.currentPosition();
    await fixture.sql(`INSERT INTO t VALUES (1, 'a', 1)`);
    const after = await source.currentPosition();
    expect(source.compare(before, after)).toBe(-1);
    expect(source.compare(after, before)).toBe(1);
    expect(source.compare(after, after)).toBe(0);
    expect(() => source.compare(after, 'nowhere')).toThrow(expect.objectContaining({ code: 'TSM1004' }));
  });

  test('two streams of one source have the same identity', async () => {
    await fixture.sql(smallTable);
    const [first, second] = [await fixture.stream(['t']), await fixture.stream(['t'])];
    expect(first.identity).toBe(second.identity);
    expect(first.identity).not.toBe('');
  });

  test.runIf(fixture.changes.remembersPosition)(
    'without a position it goes on after what was acknowledged, and not before',
    async () => {
      await fixture.sql(smallTable);
      const source = await fixture.stream(['t']);
      for (let id = 1; id <= 4; id++) await fixture.sql(`INSERT INTO t VALUES (${id}, 'a', 1)`);
      const read = transactionsOf(await readToEnd(source, undefined));
      expect(transactionsOf(await readToEnd(source, undefined))).toHaveLength(4);
      source.acknowledge(read[1]?.position ?? '');
      await source.close();
      const rest = mutationsOf(await readToEnd(await fixture.stream(['t']), undefined));
      expect(rest.map(({ row }) => row['id'])).toEqual(['3', '4']);
    },
  );
}

export function lostConnections(fixture: ChangeFixture): void {
  test('a lost connection is an error to retry; the next call goes on without loss or repetition', async () => {
    // More than the buffers of sockets hold: what is there already when the connection breaks may still be read.
    await fixture.sql('CREATE TABLE t (id int PRIMARY KEY, v varchar(2000), n int)');
    const source = await fixture.stream(['t'], { bufferBytes: 64 * 1024 });
    const from = await source.currentPosition();
    for (const first of [1, 5001]) {
      const rows = fixture.changes.sql.series(first, first + 4999);
      await fixture.sql(`INSERT INTO t SELECT i, repeat('x', 2000), i FROM ${rows}`);
    }
    const { committed, failure } = await readAndBreak(fixture, source, from);
    expect(failure).toMatchObject({ name: 'TsmoltError', kind: 'retry' });
    expect(committed.length).toBeLessThan(2);
    const rest = transactionsOf(await readToEnd(source, committed[0]?.position ?? from));
    const replica = new StrictReplica();
    for (const { changes } of [...committed, ...rest]) replica.apply(changes);
    expect([...committed, ...rest]).toHaveLength(2);
    expect(replica.rows('t')).toEqual(await rowsOnSource(fixture, 't'));
  });
}

/** Reads a chunk, has the server break the connection, and reads on until that shows. */
async function readAndBreak(
  fixture: ChangeFixture,
  source: ChangeSource,
  from: string,
): Promise<{ readonly committed: readonly ReadTransaction[]; readonly failure: unknown }> {
  const events: ChangeEvent[] = [];
  const client = await fixture.client();
  try {
    for await (const chunk of source.changes(from, new AbortController().signal)) {
      if (events.length === 0) await fixture.changes.breakStream(client, fixture.options());
      events.push(...chunk.events);
    }
  } catch (failure) {
    return { committed: transactionsOf(events), failure };
  }
  throw new Error('the stream ended without an error');
}

export function endings(fixture: ChangeFixture): void {
  test('an idle stream that is told to stop ends, and leaves no session behind', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    const client = await fixture.client();
    for (let round = 0; round < 3; round++) {
      const controller = new AbortController();
      const stream = source.changes(from, controller.signal)[Symbol.asyncIterator]();
      const reading = drained(stream);
      await expect.poll(() => fixture.changes.countStreams(client, fixture.options())).toBe(1);
      controller.abort();
      await reading;
      expect(await fixture.changes.countStreams(client, fixture.options())).toBe(0);
    }
  });

  test('a stream that is told to stop before it begins gives nothing', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const from = await source.currentPosition();
    await fixture.sql(`INSERT INTO t VALUES (1, 'a', 1)`);
    const events: ChangeEvent[] = [];
    for await (const chunk of source.changes(from, AbortSignal.abort())) events.push(...chunk.events);
    expect(events).toEqual([]);
  });

  test('a reader that leaves early, in the middle of a transaction, leaves no session behind', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t'], { bufferBytes: 64 * 1024 });
    const from = await source.currentPosition();
    await fixture.sql(`INSERT INTO t SELECT i, 'a', i FROM ${fixture.changes.sql.series(1, 50_000)}`);
    const client = await fixture.client();
    for (let round = 0; round < 3; round++) {
      const events = await readUntil(source, from, ({ kind }) => kind === 'upsert');
      expect(mutationsOf(events)).toHaveLength(1);
      expect(await fixture.changes.countStreams(client, fixture.options())).toBe(0);
    }
    expect(mutationsOf(await readToEnd(source, from))).toHaveLength(50_000);
  });

  test('may be closed twice, and while it is read', async () => {
    await fixture.sql(smallTable);
    const source = await fixture.stream(['t']);
    const stream = source.changes(await source.currentPosition(), new AbortController().signal);
    const reading = drained(stream[Symbol.asyncIterator]());
    const client = await fixture.client();
    await expect.poll(() => fixture.changes.countStreams(client, fixture.options())).toBe(1);
    await source.close();
    await reading;
    await expect(source.close()).resolves.toBeUndefined();
    expect(await fixture.changes.countStreams(client, fixture.options())).toBe(0);
  });
}

async function drained(stream: AsyncIterator<unknown>): Promise<void> {
  for (let next = await stream.next(); next.done !== true; next = await stream.next());
}
