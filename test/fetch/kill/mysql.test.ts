import { createHash } from 'node:crypto';
import { createDatabase, runMysql, sharedServer, startMysql } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Fingerprint } from '../../support/fingerprints.js';
import { killPoints, survives } from '../../support/kill-rounds.js';
import { localStorage } from '../../support/storages.js';

const rows = 3000;

/** The values of a row as MySQL is given them and as PostgreSQL prints the row. */
function row(index: number): { readonly values: string; readonly printed: string } {
  const text = createHash('md5').update(String(index)).digest('hex').repeat(3);
  return index % 5 === 0
    ? { values: `(${index}, NULL, ${index * 2})`, printed: `(${index},,${index * 2})` }
    : { values: `(${index}, '${text}', ${index * 2})`, printed: `(${index},${text},${index * 2})` };
}

/** By name, each with the keys of its rows; without a key each row is there three times. */
const tables = [
  { table: 'bag', key: '', of: (index: number) => index % (rows / 3) },
  { table: 'k1', key: ' PRIMARY KEY', of: (index: number) => index },
  { table: 'k2', key: ' PRIMARY KEY', of: (index: number) => index },
  { table: 'k3', key: ' PRIMARY KEY', of: (index: number) => index },
  { table: 'k4', key: ' PRIMARY KEY', of: (index: number) => index },
];

function indexes(of: (index: number) => number): number[] {
  return Array.from({ length: rows }, (_, index) => of(index));
}

const expected = tables.map(({ table, of }): Fingerprint => {
  const printed = indexes(of).map((index) => row(index).printed);
  return { table, rows, hash: createHash('md5').update(printed.toSorted().join('\n')).digest('hex') };
});

describe.concurrent('a fetch from MySQL that is killed again and again', () => {
  /** Nothing is committed there while a fetch is under way: a new GTID would end what can be continued. */
  let server: RunningServer;
  let source = '';
  beforeAll(async () => {
    server = await startMysql({ own: true });
    source = (await createDatabase(server)).url;
    for (const { table, key, of } of tables) {
      const values = indexes(of).map((index) => row(index).values);
      await runMysql(
        source,
        `CREATE TABLE ${table} (id bigint NOT NULL${key}, v text, n int)`,
        `INSERT INTO ${table} VALUES ${values.join(', ')}`,
        `ANALYZE NO_WRITE_TO_BINLOG TABLE ${table}`,
      );
    }
  });
  afterAll(() => server.stop());

  test.each([
    { name: 'in ranges', unsharded: false },
    { name: 'with a table without a key', unsharded: true },
  ])('ends with every row once, $name', { timeout: 120_000 }, async ({ unsharded }) => {
    const storage = await localStorage(false);
    const target = await createDatabase(await sharedServer('postgres18'));
    const wanted = expected.filter(({ table }) => unsharded || table !== 'bag');
    try {
      await expect(
        survives({
          source,
          target: target.url,
          tables: wanted.map(({ table }) => table),
          expected: wanted,
          args: [
          '--use-copy', '--row-batch-size', '100', '--flush-rows', '40', '--table-concurrency', '2', '--export-concurrency', '2',
          ...(unsharded ? ['--skip-pk-check'] : ['--table-exclusion-filter', 'bag']),
        ], // prettier-ignore
          storage,
          points: killPoints(),
        }),
      ).resolves.toBeUndefined();
    } finally {
      await target.drop();
      await storage.close();
    }
  });
});
