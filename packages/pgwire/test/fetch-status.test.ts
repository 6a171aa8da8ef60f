import { randomUUID } from 'node:crypto';
import type { ExportedFile, PlannedRange, TableRecord } from '@tsmolt/core';
import { PgwireFetchStatus } from '@tsmolt/pgwire';
import { beforeEach, describe, expect, test } from 'vitest';
import { usePools } from './pools.js';

const fixture = usePools();
const worker = randomUUID();
let fetchId = '';
let status: PgwireFetchStatus;

const table: TableRecord = {
  number: 1,
  source: { schema: 'public', table: 't' },
  target: { schema: 'public', table: 't' },
  columns: [{ source: 'id', target: 'id' }],
  format: 'csv',
  token: randomUUID(),
  state: 'planned',
  rowsBefore: 0n,
};
const ranges: readonly PlannedRange[] = [
  { shard: 1, number: 1, condition: 'id < 5' },
  { shard: 1, number: 2, condition: 'id >= 5' },
];
const file: ExportedFile = { shard: 1, part: 1, range: 1, name: 't/1.csv', rows: 2, bytes: 9 };

/** The first answer is lost, and the work is done again. */
async function twice(work: () => Promise<void>): Promise<void> {
  await work();
  await work();
}

beforeEach(async () => {
  fetchId = randomUUID();
  status = new PgwireFetchStatus(fixture.pool());
  await status.prepare();
  const run = {
    fetchId,
    source: 'postgres://old/shop',
    storage: 's3://b',
    files: { compression: 'none' },
  } as const;
  await twice(() => status.createRun(run));
  await twice(() => status.addTables(fetchId, [table]));
  await twice(() => status.addRanges(fetchId, 1, ranges));
});

describe('what is noted again because the answer to the first attempt was lost', () => {
  test('a run, its tables and its ranges are there once', async () => {
    expect(await status.tables(fetchId)).toEqual([table]);
    expect((await status.ranges(fetchId, 1)).map(({ condition }) => condition)).toEqual([
      'id < 5',
      'id >= 5',
    ]);
  });

  test('a finished range has its files once', async () => {
    const range = { fetchId, table: 1, shard: 1, number: 1 };
    await status.claimRange(range, worker);
    await twice(() => status.finishRange(range, worker, [file]));
    expect(await status.files(fetchId, 1)).toEqual([{ ...file, state: 'exported' }]);
  });

  test('files that were added, and are loaded', async () => {
    await twice(() => status.addFiles(fetchId, 1, [file]));
    const key = { fetchId, table: 1, shard: 1, part: 1 };
    await status.claimFiles([key], worker);
    await twice(() => status.markLoaded([key], worker));
    expect(await status.files(fetchId, 1)).toEqual([{ ...file, state: 'loaded' }]);
  });
});

describe('what another process has noted meanwhile', () => {
  test('other tables and other ranges are not taken for our own', async () => {
    const others = [{ ...table, token: randomUUID() }];
    await expect(status.addTables(fetchId, others)).rejects.toMatchObject({ code: 'TSM4010' });
    const fewer = [{ shard: 1, number: 1, condition: 'true' }];
    await expect(status.addRanges(fetchId, 1, fewer)).rejects.toMatchObject({ code: 'TSM4010' });
    const other = ranges.map((range) => ({ ...range, condition: `${range.condition} + 1` }));
    await expect(status.addRanges(fetchId, 1, other)).rejects.toMatchObject({ code: 'TSM4010' });
  });

  test('a range that another worker has finished', async () => {
    const range = { fetchId, table: 1, shard: 1, number: 1 };
    await status.claimRange(range, worker);
    await status.finishRange(range, worker, [file]);
    await expect(status.finishRange(range, randomUUID(), [file])).rejects.toMatchObject({ code: 'TSM4010' });
  });
});

test('many processes may be the first at the same time', async () => {
  const client = await fixture.pool().lease('starting over');
  await client.client.query('DROP SCHEMA _molt_fetch CASCADE');
  client.release();
  await Promise.all(Array.from({ length: 4 }, () => new PgwireFetchStatus(fixture.pool()).prepare()));
  await status.prepare();
  expect(await status.findRun(fetchId)).toBeUndefined();
});
