import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ExportedFile, FetchStatus, FileKey, TableRecord } from '@tsmolt/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

/** What every `FetchStatus` that outlives its process promises, together with the receipts of `BulkTarget.copyIn`. */
export function fetchStatusContract(name: string, open: OpenContractDatabase): void {
  describe(`${name} as FetchStatus`, () => {
    const fixture = useContractDatabase(open);
    const run = useRun(fixture);
    runs(run);
    claims(run);
    files(run);
    describe('receipts', () => {
      receipts(fixture, run);
    });
  });
}

interface RunFixture {
  readonly status: () => FetchStatus;
  readonly fetchId: () => string;
  readonly file: (shard: number, part: number) => FileKey;
}

const worker = randomUUID();
const other = randomUUID();
const longLease = 60_000;

const table: TableRecord = {
  number: 1,
  source: { schema: 'public', table: 'Odd "name"' },
  target: { schema: 'shop', table: 't' },
  columns: [
    { source: 'id', target: 'id' },
    { source: 'V', target: 'v' },
  ],
  format: 'csv',
  filter: `"V" > 'x'`,
  token: randomUUID(),
  state: 'planned',
  rowsBefore: 12_345_678_901_234n,
};

function exported(shard: number, part: number): ExportedFile {
  const name = `public.t/shard_0${shard}_part_0000000${part}.csv.gz`;
  return { shard, part, range: 1, name, rows: 2, bytes: 9, sha256: 'a'.repeat(64) };
}

/** A run of one table with two ranges. */
function useRun(fixture: ContractFixture): RunFixture {
  let fetchId = '';
  const status = (): FetchStatus => offered(fixture.database().fetchStatus);
  beforeEach(async () => {
    fetchId = randomUUID();
    await status().prepare();
    await status().createRun({
      fetchId,
      source: 'postgres://app@old/shop',
      storage: 's3://bucket',
      files: { compression: 'gzip' },
    });
    await status().addTables(fetchId, [{ ...table, token: randomUUID() }]);
    await status().addRanges(fetchId, 1, [
      { shard: 1, number: 1, condition: 'id < 5' },
      { shard: 2, number: 1, condition: 'id >= 5' },
    ]);
    await status().renewWorker(fetchId, worker, longLease);
  });
  return { status, fetchId: () => fetchId, file: (shard, part) => ({ fetchId, table: 1, shard, part }) };
}

function runs({ status, fetchId }: RunFixture): void {
  test('finds a run again, with its tables and ranges', async () => {
    expect(await status().findRun(fetchId())).toMatchObject({ state: 'preparing', snapshot: '', cursor: '' });
    await status().updateRun(fetchId(), { state: 'running', snapshot: '7/1:2:', cursor: '0/16' });
    await status().updateRun(fetchId(), {});
    expect(await status().findRun(fetchId())).toMatchObject({
      fetchId: fetchId(),
      source: 'postgres://app@old/shop',
      storage: 's3://bucket',
      files: { compression: 'gzip' },
      state: 'running',
      snapshot: '7/1:2:',
      cursor: '0/16',
    });
    const { token: _token, ...rest } = table;
    expect(await status().tables(fetchId())).toMatchObject([rest]);
    expect(await status().ranges(fetchId(), 1)).toEqual([
      { shard: 1, number: 1, condition: 'id < 5', state: 'planned' },
      { shard: 2, number: 1, condition: 'id >= 5', state: 'planned' },
    ]);
  });

  test('knows no run of another id', async () => {
    expect(await status().findRun(randomUUID())).toBeUndefined();
  });

  test('forgets what a run did, and keeps the run', async () => {
    await status().addFiles(fetchId(), 1, [exported(1, 1)]);
    await status().clearRun(fetchId());
    expect(await status().tables(fetchId())).toEqual([]);
    expect(await status().files(fetchId(), 1)).toEqual([]);
    expect(await status().findRun(fetchId())).toMatchObject({ state: 'preparing' });
  });

  test('gives a token for each table that is not loaded, with the first file to load', async () => {
    const mine = async (): Promise<unknown> =>
      (await status().tokens(1000)).filter((token) => token.fetchId === fetchId());
    expect(await mine()).toMatchObject([{ table: table.target, file: '' }]);
    await status().addFiles(fetchId(), 1, [exported(1, 1), exported(1, 2)]);
    await status().updateTable(fetchId(), 1, { state: 'exported' });
    expect(await mine()).toMatchObject([{ file: exported(1, 1).name }]);
    await status().updateTable(fetchId(), 1, { state: 'loaded' });
    expect(await mine()).toEqual([]);
  });
}

function claims({ status, fetchId, file }: RunFixture): void {
  const range = (): { fetchId: string; table: number; shard: number; number: number } => ({
    fetchId: fetchId(),
    table: 1,
    shard: 1,
    number: 1,
  });

  test('a range belongs to one living worker', async () => {
    expect(await status().claimRange(range(), worker)).toBe(true);
    expect(await status().claimRange(range(), other)).toBe(false);
    expect(await status().claimRange(range(), worker)).toBe(true);
  });

  test('what a worker had that has ended, or was not heard of, is free', async () => {
    await status().claimRange(range(), worker);
    await status().renewWorker(fetchId(), worker, 0);
    expect(await status().othersAlive(fetchId(), other)).toBe(false);
    expect(await status().claimRange(range(), other)).toBe(true);
    await status().renewWorker(fetchId(), worker, longLease);
    expect(await status().othersAlive(fetchId(), other)).toBe(true);
    await expect(status().finishRange(range(), worker, [exported(1, 1)])).rejects.toMatchObject({
      code: 'TSM4010',
    });
    expect(await status().files(fetchId(), 1)).toEqual([]);
    await status().endWorker(fetchId(), worker);
    expect(await status().othersAlive(fetchId(), other)).toBe(false);
  });

  test('a finished range has its files and cannot be claimed again', async () => {
    await status().claimRange(range(), worker);
    await status().finishRange(range(), worker, [exported(1, 2), exported(1, 1)]);
    expect(await status().claimRange(range(), worker)).toBe(false);
    expect(await status().files(fetchId(), 1)).toEqual([
      { ...exported(1, 1), state: 'exported' },
      { ...exported(1, 2), state: 'exported' },
    ]);
  });

  test('a range without rows has no files', async () => {
    await status().claimRange(range(), worker);
    await status().finishRange(range(), worker, []);
    expect((await status().ranges(fetchId(), 1))[0]?.state).toBe('exported');
  });

  test('files belong to one living worker each', async () => {
    await status().addFiles(fetchId(), 1, [exported(1, 1), exported(2, 1)]);
    expect(await status().claimFiles([file(1, 1)], worker)).toEqual([file(1, 1)]);
    expect(await status().claimFiles([file(1, 1), file(2, 1)], other)).toEqual([file(2, 1)]);
  });
}

function files({ status, fetchId, file }: RunFixture): void {
  test('a job is noted for the files that it loads, until they are loaded or given back', async () => {
    await status().addFiles(fetchId(), 1, [exported(1, 1), exported(2, 1)]);
    await status().claimFiles([file(1, 1), file(2, 1)], worker);
    await status().noteJob([file(1, 1), file(2, 1)], worker, '812345678901234567');
    expect(await status().files(fetchId(), 1)).toMatchObject([
      { state: 'loading', job: '812345678901234567' },
      { state: 'loading', job: '812345678901234567' },
    ]);
    await status().markLoaded([file(1, 1)], worker);
    await status().releaseFiles([file(1, 1), file(2, 1)], worker);
    expect((await status().files(fetchId(), 1)).map(({ state }) => state)).toEqual(['loaded', 'exported']);
    expect((await status().files(fetchId(), 1))[1]).not.toHaveProperty('job');
  });

  test('nobody marks files that are somebody else’s', async () => {
    await status().addFiles(fetchId(), 1, [exported(1, 1), exported(1, 2)]);
    await status().claimFiles([file(1, 1)], worker);
    await expect(status().markLoaded([file(1, 1), file(1, 2)], worker)).rejects.toMatchObject({
      code: 'TSM4010',
    });
    expect((await status().files(fetchId(), 1)).map(({ state }) => state)).toEqual(['loading', 'exported']);
  });

  test('files of a plain listing have neither rows nor checksum', async () => {
    const { rows: _rows, sha256: _sha256, ...plain } = exported(1, 1);
    await status().addFiles(fetchId(), 1, [plain]);
    expect(await status().files(fetchId(), 1)).toEqual([{ ...plain, state: 'exported' }]);
  });
}

function receipts(fixture: ContractFixture, { status, fetchId, file }: RunFixture): void {
  const copy = (rows: number | undefined, data: string): Promise<number> =>
    offered(fixture.database().bulkTarget).copyIn(
      {
        table: { schema: fixture.schema(), table: 't' },
        columns: ['id'],
        format: 'csv',
        signal: new AbortController().signal,
        receipt: { file: file(1, 1), worker, ...(rows === undefined ? {} : { rows }) },
      },
      Readable.from([Buffer.from(data)]),
    );
  const count = async (): Promise<string | undefined> =>
    (await fixture.sql<{ n: string }>('SELECT count(*) AS n FROM t'))[0]?.n;

  beforeEach(async () => {
    await fixture.sql('CREATE TABLE t (id int PRIMARY KEY)');
    await status().addFiles(fetchId(), 1, [exported(1, 1)]);
    await status().claimFiles([file(1, 1)], worker);
  });

  test('rows and their receipt are committed together', async () => {
    expect(await copy(2, '1\n2\n')).toBe(2);
    expect((await status().files(fetchId(), 1))[0]?.state).toBe('loaded');
    expect(await count()).toBe('2');
  });

  test('a refused row takes its receipt with it', async () => {
    await expect(copy(2, '1\n1\n')).rejects.toMatchObject({ code: 'TSM4001' });
    expect((await status().files(fetchId(), 1))[0]?.state).toBe('loading');
  });

  test('rows of a file that is loaded already are not loaded again', async () => {
    await copy(1, '1\n');
    await expect(copy(1, '2\n')).rejects.toMatchObject({ code: 'TSM4010' });
    expect(await count()).toBe('1');
  });

  test('another count than the file’s rolls everything back', async () => {
    await expect(copy(3, '1\n2\n')).rejects.toMatchObject({ code: 'TSM4004' });
    expect(await count()).toBe('0');
    expect((await status().files(fetchId(), 1))[0]?.state).toBe('loading');
  });
}
