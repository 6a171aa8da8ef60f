import { createDatabase, createHugeRows, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { peakMemory } from '../support/peak-memory.js';
import { localStorage, s3Storage } from '../support/storages.js';
import type { Storage } from '../support/storages.js';
import { startFetch } from '../support/tsmolt.js';

const megabyte = 1024 * 1024;
const budget = 128 * megabyte;
/**
 * What the budget does not count: garbage that V8 has not collected yet, and pages that the allocator keeps after a buffer
 * is gone.
 */
const margin = 32 * megabyte;

let target: TestDatabase;
let storage: Storage;
const sources: TestDatabase[] = [];
beforeEach(async () => {
  target = await createDatabase(await sharedServer('postgres18'));
});
afterEach(async () => {
  await Promise.all([target.drop(), storage.close()]);
  vi.unstubAllEnvs();
});
afterAll(async () => {
  for (const source of sources) await source.drop();
});

async function newSource(): Promise<string> {
  const source = await createDatabase(await sharedServer('postgres18'));
  sources.push(source);
  return source.url;
}

const places = [
  { place: 'S3', open: s3Storage },
  { place: 'a local directory', open: () => localStorage(false) },
];

/** Several times the budget; the S3 of the tests takes some 20 MB a second. */
const hugeRows = process.env['TSMOLT_TEST_LONG'] === '1' ? 120 : 24;

/** @returns the peak of a fetch that has to succeed */
async function peakOf(source: string, ...args: string[]): Promise<number> {
  const { finished, peakBytes } = await peakMemory(
    startFetch(
      source, target.url, '--use-copy', '--max-memory', '128MiB', '--table-handling', 'drop-on-target-and-recreate',
      ...storage.args, ...args,
    ),
  ); // prettier-ignore
  expect(finished.exitCode, finished.failure).toBe(0);
  return peakBytes;
}

function expectWithinBudget(peak: number, base: number): void {
  const over = peak - base;
  expect(over / megabyte, `MiB above a fetch of an empty table, which takes ${base / megabyte}`).toBeLessThan(
    (budget + margin) / megabyte,
  );
}

describe('--max-memory 128MiB', () => {
  let empty = '';
  beforeAll(async () => {
    empty = await newSource();
    await runSql(empty, 'CREATE TABLE huge_rows (id bigint PRIMARY KEY, document text, file bytea)');
  });

  describe('rows of ten megabytes', () => {
    let source = '';
    beforeAll(async () => {
      source = await newSource();
      await createHugeRows(source, { rows: hugeRows, bytes: 5_000_000 });
    });

    test.each(places)('stay within it through $place', async ({ open }) => {
      storage = await open();
      const base = await peakOf(empty);
      const peak = await peakOf(
        source,
        '--row-batch-size',
        '3',
        '--table-concurrency',
        '1',
        '--export-concurrency',
        '8',
      );
      expectWithinBudget(peak, base);
      expect(
        await runSql(target.url, 'SELECT count(*)::int AS n, sum(length(file))::int AS bytes FROM huge_rows'),
      ).toEqual([{ n: hugeRows, bytes: hugeRows * 5_000_000 }]);
    });
  });

  describe('64 shards at a time', () => {
    let source = '';
    const tables = Array.from({ length: 8 }, (_, index) => `t${index}`);
    beforeAll(async () => {
      source = await newSource();
      const rows = `SELECT i, repeat(md5(i::text), 10), now() FROM generate_series(1, 40000) i`;
      await runSql(
        source,
        ...tables.flatMap((table) => [
          `CREATE TABLE ${table} (id bigint PRIMARY KEY, v text, at timestamptz)`,
          `INSERT INTO ${table} ${rows}`,
        ]),
        'ANALYZE',
      );
    });

    test.each(places)('stay within it through $place', async ({ open }) => {
      storage = await open();
      const base = await peakOf(empty);
      const peak = await peakOf(
        source,
        '--row-batch-size',
        '1000',
        '--table-concurrency',
        '8',
        '--export-concurrency',
        '8',
      );
      expectWithinBudget(peak, base);
    });
  });
});
