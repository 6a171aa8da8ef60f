import { silentLogger } from '@tsmolt/core';
import type { ColumnPair, RowText, RowVerifier, Table } from '@tsmolt/core';
import { expect, test } from 'vitest';
import { Findings } from './findings.js';
import type { LiveOptions, Replication } from './options.js';
import type { Comparison, Side } from './plan-comparison.js';
import type { RangeWork } from './row-sets.js';
import { settleRows } from './settle-rows.js';

/** Values of the row with key 1 by the time that passes with each wait and each read; undefined: there is no row. */
interface World {
  source: string | undefined;
  target: string | undefined;
  /** Called after each read of a side. */
  afterRead?: (side: Side['name'], reads: number) => void;
  /** Called after each wait. */
  afterPause?: (pauses: number) => void;
}

const number = { kind: 'integer', bits: 64 } as const;
const text = { kind: 'string' } as const;
const table = { name: { schema: 'public', table: 't' }, columns: [] } as unknown as Table;

function sideOf(world: World, name: Side['name']): Side {
  let reads = 0;
  const readRows = (_set: unknown, _columns: unknown, keys: readonly RowText[]): Promise<RowText[]> => {
    const value = world[name];
    world.afterRead?.(name, ++reads);
    return Promise.resolve(value === undefined ? [] : keys.map(([key]) => [key ?? null, key ?? null, value]));
  };
  return {
    name,
    pair: { source: table, target: table, columns: [] },
    verifier: { readRows } as unknown as RowVerifier,
    key: [{ name: 'id', type: number }],
    rangeKey: [],
    hashed: [
      { name: 'id', type: number },
      { name: 'v', type: text },
    ],
    byMeaning: [],
    dealtBy: [],
  };
}

async function settled(
  world: World,
  live: LiveOptions,
  kind: 'missing' | 'mismatch' | 'extraneous' = 'mismatch',
): Promise<Record<string, number>> {
  const source = sideOf(world, 'source');
  const comparison: Comparison = {
    pair: source.pair,
    source,
    target: sideOf(world, 'target'),
    algorithm: 'md5',
    keyed: true,
    rangeable: true,
    numbered: true,
    left: [] as ColumnPair[],
    identityNames: ['id'],
    identityTypes: [number],
    hashedTypes: [number, text],
    byMeaningTypes: [],
    dealtBy: [],
  };
  const findings = new Findings({ comparison, namedRows: 10, redact: false });
  const { signal } = new AbortController();
  let pauses = 0;
  const work: RangeWork = {
    comparison,
    signal,
    live,
    logger: silentLogger(),
    range: {},
    rows: 1,
    findings,
    statement: (_side, run) => run(signal),
    longStatement: (_side, run) => run(signal),
    holding: (run) => run(),
    pause: () => {
      world.afterPause?.(++pauses);
      return Promise.resolve();
    },
  };
  findings.truth(kind === 'extraneous' ? 0 : 1);
  await settleRows(work, live, [{ kind, key: ['1'], targetKey: ['1'] }]);
  return Object.fromEntries(Object.entries(findings.counts()).filter(([, value]) => value !== 0));
}

test('a row whose change arrives late is equal', async () => {
  const world: World = {
    source: 'new',
    target: 'old',
    afterPause: (pauses) => {
      if (pauses === 3) world.target = 'new';
    },
  };
  expect(await settled(world, { retries: 5 })).toEqual({ truthRows: 1, success: 1, liveRetry: 1 });
});

test('a row that stays different is counted after that many reads', async () => {
  let waits = 0;
  const world: World = { source: 'a', target: 'b', afterPause: (pauses) => (waits = pauses) };
  expect(await settled(world, { retries: 3 })).toEqual({ truthRows: 1, mismatch: 1, liveRetry: 1 });
  expect(waits).toBe(3);
});

test('what kind of difference it is, the last reads say', async () => {
  const gone: World = { source: undefined, target: 'b' };
  expect(await settled(gone, { retries: 2 })).toEqual({ extraneous: 1, liveRetry: 1 });
  const missing: World = { source: 'a', target: undefined };
  expect(await settled(missing, { retries: 2 }, 'extraneous')).toEqual({
    truthRows: 1,
    missing: 1,
    liveRetry: 1,
  });
});

test('rows that come or go on both sides are counted as what they are in the end', async () => {
  expect(await settled({ source: undefined, target: undefined }, { retries: 2 })).toEqual({ liveRetry: 1 });
  const inserted: World = { source: 'a', target: 'a' };
  expect(await settled(inserted, { retries: 2 }, 'extraneous')).toEqual({
    truthRows: 1,
    success: 1,
    liveRetry: 1,
  });
});

test('a row that changes whenever it is read is neither equal nor different', async () => {
  const world: World = {
    source: '0',
    target: 'old',
    afterRead: (side, reads) => {
      if (side === 'source') world.source = String(reads);
    },
  };
  expect(await settled(world, { retries: 3 })).toEqual({ truthRows: 1, liveRetry: 1, stillChanging: 1 });
});

test('a row that changes is given more time, and counted when it stands still', async () => {
  const world: World = {
    source: '0',
    target: 'old',
    afterRead: (side, reads) => {
      if (side === 'source' && reads < 3) world.source = String(reads);
    },
  };
  expect(await settled(world, { retries: 3 })).toEqual({ truthRows: 1, mismatch: 1, liveRetry: 1 });
});

/** A replicator that brings the source's row to the target at the third question, but for what is lost on the way. */
function replicator(
  world: World,
  options: { readonly loses?: boolean } = {},
): Replication & { asked: number } {
  return {
    asked: 0,
    sourcePosition: () => Promise.resolve('7'),
    hasApplied(position) {
      expect(position).toBe('7');
      this.asked++;
      if (this.asked < 3) return Promise.resolve(false);
      if (options.loses !== true) world.target = world.source;
      return Promise.resolve(true);
    },
  };
}

test('with replication a row is read when its change has arrived, however long that takes', async () => {
  const world: World = { source: 'new', target: 'old' };
  const replication = replicator(world);
  expect(await settled(world, { retries: 1, replication })).toEqual({
    truthRows: 1,
    success: 1,
    liveRetry: 1,
  });
  expect(replication.asked).toBe(3);
});

test('with replication a change that was lost is found', async () => {
  const world: World = { source: 'new', target: 'old' };
  const replication = replicator(world, { loses: true });
  expect(await settled(world, { retries: 2, replication })).toEqual({
    truthRows: 1,
    mismatch: 1,
    liveRetry: 1,
  });
});

test('with replication a target that is ahead of the first read is no difference', async () => {
  const world: World = {
    source: 'a',
    target: 'old',
    // The source changes right after it was read, and the target has the change before it is read.
    afterRead: (side, reads) => {
      if (side === 'source' && reads === 1) [world.source, world.target] = ['b', 'b'];
    },
  };
  const replication: Replication = {
    sourcePosition: () => Promise.resolve('1'),
    hasApplied: () => Promise.resolve(true),
  };
  expect(await settled(world, { retries: 2, replication })).toEqual({
    truthRows: 1,
    success: 1,
    liveRetry: 1,
  });
});

test('replication that does not advance ends the verification', async () => {
  const replication: Replication = {
    sourcePosition: () => Promise.resolve('0/16B3748'),
    hasApplied: () => Promise.resolve(false),
  };
  await expect(settled({ source: 'a', target: 'b' }, { retries: 2, replication })).rejects.toMatchObject({
    code: 'TSM6101',
    message: expect.stringContaining('0/16B3748'),
  });
});
