import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { peakMemory } from '../support/peak-memory.js';
import { startTsmolt } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';
import { countsOf, verifyArguments } from '../support/verify.js';

const urls = twoDatabases();
const mebibyte = 1024 ** 2;

test('many statements are written with little memory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-repair-'));
  try {
    const create = 'CREATE TABLE t (id int PRIMARY KEY, v text)';
    await runSql(
      urls.source,
      create,
      `INSERT INTO t SELECT i, repeat(md5(i::text), 64) FROM generate_series(1, 120000) i`,
    );
    await runSql(urls.target, create);
    const file = join(folder, 'repair.sql');
    const args = [...verifyArguments(urls.source, urls.target), '--repair-file', file];
    const { finished, peakBytes } = await peakMemory(startTsmolt(args));
    expect(finished.exitCode, finished.failure).toBe(1);
    expect(countsOf(finished, 't')).toEqual({ truth_rows: 120_000, missing: 120_000 });
    expect((await stat(file)).size).toBeGreaterThan(240 * mebibyte);
    expect(peakBytes).toBeLessThan(420 * mebibyte);
  } finally {
    await rm(folder, { recursive: true });
  }
});
