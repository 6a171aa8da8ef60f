import { createDatabase, createHugeRows, runMysql, runSql, sharedServer } from '@tsmolt/testkit';
import type { ServerAddress, TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { peakMemory } from '../support/peak-memory.js';
import { localStorage, s3Storage } from '../support/storages.js';
import type { Storage } from '../support/storages.js';
import { startFetch } from '../support/tsmolt.js';

const megabyte = 1024 * 1024;
/**
 * MiB that a fetch may hold above one of an empty table: the budget, and what it does not count, which is garbage that V8
 * has not collected yet and pages that the allocator keeps after a buffer is gone.
 */
const margin = 32;
const most = 128 + margin;
/** One row of MySQL takes more than the small budget: it would travel alone, and exceed it. */
const budgetForMysql = 256;

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
const hugeRows = process.env['TSMOLT_TEST_LONG'] === '1' ? 120 : 20;

/** @returns the peak of a fetch that has to succeed, in MiB */
async function peakOf(source: string, args: readonly string[] = [], budget = 128): Promise<number> {
  const { finished, peakBytes } = await peakMemory(
    startFetch(
      source, target.url, '--use-copy', '--max-memory', `${budget}MiB`, '--table-handling', 'drop-on-target-and-recreate',
      ...storage.args, ...args,
    ),
  ); // prettier-ignore
  expect(finished.exitCode, finished.failure).toBe(0);
  return peakBytes / megabyte;
}

const shardsOfHugeRows = ['--row-batch-size', '3', '--table-concurrency', '1', '--export-concurrency', '8'];
const manyShards = ['--row-batch-size', '1000', '--table-concurrency', '8', '--export-concurrency', '8'];
const bytesOfHugeRows = 'SELECT count(*)::int AS n, sum(length(file))::int AS bytes FROM huge_rows';

describe('--max-memory', () => {
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
      const peak = await peakOf(source, shardsOfHugeRows);
      expect(peak - base).toBeLessThan(most);
      expect(await runSql(target.url, bytesOfHugeRows)).toEqual([
        { n: hugeRows, bytes: hugeRows * 5_000_000 },
      ]);
    });
  });

  describe('rows of ten megabytes of MySQL', () => {
    let server: ServerAddress;
    const urls: TestDatabase[] = [];
    beforeAll(async () => {
      server = await sharedServer('mysql');
      urls.push(await createDatabase(server), await createDatabase(server));
      for (const { url } of urls) {
        await runMysql(
          url,
          'CREATE TABLE huge_rows (id bigint PRIMARY KEY, document longtext, file longblob)',
        );
      }
      for (let id = 1; id <= hugeRows; id++) {
        const value = `REPEAT(SHA2('${id}', 256), 78125)`;
        await runMysql(urls[0]?.url ?? '', `INSERT INTO huge_rows VALUES (${id}, ${value}, ${value})`);
      }
      await runMysql(urls[0]?.url ?? '', 'ANALYZE TABLE huge_rows');
    });
    afterAll(async () => {
      for (const database of urls) await database.drop();
    });

    test.each(places)('stay within it through $place', async ({ open }) => {
      storage = await open();
      const base = await peakOf(urls[1]?.url ?? '', [], budgetForMysql);
      const peak = await peakOf(urls[0]?.url ?? '', shardsOfHugeRows, budgetForMysql);
      expect(peak - base).toBeLessThan(budgetForMysql + margin);
      expect(await runSql(target.url, bytesOfHugeRows)).toEqual([
        { n: hugeRows, bytes: hugeRows * 5_000_000 },
      ]);
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
      const peak = await peakOf(source, manyShards);
      expect(peak - base).toBeLessThan(most);
    });
  });
});
