import type { Mutation } from '@tsmolt/core';
import { expect, it } from 'vitest';
import type { ChangeScript } from './script.js';
import { ScriptedWork } from './scripted-work.js';
import { WorkQueue } from './read/work-queue.js';

const table = { name: { schema: 'public', table: 'orders' }, columns: ['id'], key: [0] };
const change = (id: string): Mutation => ({ kind: 'upsert', table, values: [id] });
const flush = { rows: 1, periodMs: 0, transactions: 1, bytes: 1000 };

/** A queue of transactions of one row each, and a script that notes the rows it gets. */
function prepared({ mayRunAhead, failAt }: { mayRunAhead: boolean; failAt?: string }): {
  readonly work: ScriptedWork;
  readonly seen: string[];
  /** Rows at which the script waits until they are taken away. */
  readonly held: Map<string, Promise<void>>;
} {
  const seen: string[] = [];
  const held = new Map<string, Promise<void>>();
  const script: ChangeScript = {
    movesRows: false,
    mayRunAhead,
    transform: async (changes) => {
      seen.push(...changes.map(({ values }) => String(values[0])));
      await held.get(seen.at(-1) ?? '');
      if (failAt !== undefined && seen.includes(failAt)) throw new Error(`at ${failAt}`);
      return changes.map((one) => [one]);
    },
    writes: () => false,
    write: async () => undefined,
  };
  const queue = new WorkQueue(flush, 10);
  for (const id of ['1', '2', '3']) {
    const transaction = { events: [change(id)], position: id, committedAt: 0 };
    queue.add({ kind: 'transaction', transaction, bytes: 1 });
  }
  queue.end();
  return { work: new ScriptedWork(queue, script), seen, held };
}

async function positions(work: ScriptedWork): Promise<string[]> {
  const taken = await work.take(1000);
  return typeof taken === 'object' && taken.kind === 'batch'
    ? taken.transactions.map(({ position }) => position)
    : [];
}

/** Lets everything run that is waiting for nothing from outside. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('gives the script one batch while the one before it is being written', async () => {
  const { work, seen } = prepared({ mayRunAhead: true });
  expect(await positions(work)).toEqual(['1']);
  await settle();
  expect(seen).toEqual(['1', '2']);
  expect(await positions(work)).toEqual(['2']);
  expect(await positions(work)).toEqual(['3']);
  expect(await work.take(1000)).toBeUndefined();
});

it('waits for the write where the script writes itself', async () => {
  const { work, seen } = prepared({ mayRunAhead: false });
  expect(await positions(work)).toEqual(['1']);
  await settle();
  expect(seen).toEqual(['1']);
});

it('tells of a failure when the batch is asked for that has it', async () => {
  const { work } = prepared({ mayRunAhead: true, failAt: '2' });
  expect(await positions(work)).toEqual(['1']);
  await settle();
  await expect(work.take(1000)).rejects.toThrow('at 2');
});

it('ends when the script has done what it was given, and gives it nothing more', async () => {
  const { work, seen, held } = prepared({ mayRunAhead: true, failAt: '2' });
  let release = (): void => undefined;
  held.set('2', new Promise((resolve) => (release = resolve)));
  await positions(work);
  await settle();
  let ended = false;
  const ending = work.end().then(() => (ended = true));
  await settle();
  expect(ended).toBe(false);
  release();
  await ending;
  await expect(work.take(1000)).rejects.toThrow('at 2');
  expect(seen).toEqual(['1', '2']);
});

it('ends at once where the script has nothing to do, and what waits for work gets none', async () => {
  const queue = new WorkQueue({ ...flush, periodMs: 60_000, rows: 10, transactions: 10 }, 10);
  const seen: string[] = [];
  const work = new ScriptedWork(queue, {
    movesRows: false,
    mayRunAhead: true,
    transform: async (changes) => {
      seen.push(...changes.map(({ values }) => String(values[0])));
      return changes.map((one) => [one]);
    },
    writes: () => false,
    write: async () => undefined,
  });
  const waiting = Promise.allSettled([work.take(60_000)]);
  const transaction = { events: [change('1')], position: '1', committedAt: 0 };
  queue.add({ kind: 'transaction', transaction, bytes: 1 });
  const ending = work.end();
  queue.fail(new Error('of the target'));
  await ending;
  expect(await waiting).toMatchObject([{ reason: { message: 'the writer has ended' } }]);
  expect(seen).toEqual([]);
});

it('takes the parts of a large transaction one ahead, and nothing behind them', async () => {
  const seen: string[] = [];
  const script: ChangeScript = {
    movesRows: false,
    mayRunAhead: true,
    transform: async (changes) => {
      seen.push(...changes.map(({ values }) => String(values[0])));
      return changes.map((one) => [one]);
    },
    writes: () => false,
    write: async () => undefined,
  };
  const queue = new WorkQueue(flush, 10);
  const commit = { kind: 'commit', position: '9', committedAt: 0 } as const;
  for (const id of ['1', '2', '3']) {
    const part = { events: [change(id)], commit: id === '3' ? commit : undefined };
    queue.add({ kind: 'part', part, bytes: 1 });
  }
  const transaction = { events: [change('4')], position: '10', committedAt: 0 };
  queue.add({ kind: 'transaction', transaction, bytes: 1 });
  queue.end();
  const taken = await new ScriptedWork(queue, script).take(1000);
  const parts = typeof taken === 'object' && taken.kind === 'large' ? taken.parts : [];
  const seenAtEach: string[] = [];
  for await (const _ of parts) {
    await settle();
    seenAtEach.push(seen.join());
  }
  expect(seenAtEach).toEqual(['1,2', '1,2,3', '1,2,3']);
});
