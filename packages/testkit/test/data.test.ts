import { describe, expect, test } from 'vitest';
import {
  createDatabase,
  createEdgeTable,
  createHugeRows,
  createNarrow,
  createShop,
  createTextHeavy,
  createWide,
  edgeTypes,
  runSql,
  seededRandom,
  sharedServer,
} from '../src/index.js';
import type { FilledTable, TestDatabase } from '../src/index.js';

async function withDatabase<T>(
  server: 'postgres15' | 'postgres18',
  work: (url: string) => Promise<T>,
): Promise<T> {
  await using database: TestDatabase = await createDatabase(await sharedServer(server));
  return await work(database.url);
}

/** Rows of each table as the server counts them, and a digest of their text that ignores their order. */
async function contents(
  url: string,
  tables: readonly Pick<FilledTable, 'schema' | 'table'>[],
): Promise<string[]> {
  const lines: string[] = [];
  for (const { schema, table } of tables) {
    const [row] = await runSql<{ line: string }>(
      url,
      `SELECT concat(count(*), ' ', sum(hashtextextended(t::text, 0))) AS line FROM "${schema}"."${table}" AS t`,
    );
    lines.push(`${table} ${row?.line ?? ''}`);
  }
  return lines;
}

async function shopContents(server: 'postgres15' | 'postgres18', seed: number): Promise<string[]> {
  return withDatabase(server, async (url) =>
    contents(url, await createShop(url, { scale: 0.01, seed, schema: 'Shop 1' })),
  );
}

describe('the shop', () => {
  test('has the rows it says, ten thousand at a hundredth', async () => {
    await withDatabase('postgres18', async (url) => {
      const tables = await createShop(url, { scale: 0.01 });
      expect(tables.reduce((sum, table) => sum + table.rows, 0)).toBe(10_000);
      expect(tables).toHaveLength(9);
      for (const { schema, table, rows } of tables) {
        const [count] = await runSql(url, `SELECT count(*)::int AS rows FROM ${schema}."${table}"`);
        expect({ table, rows: count?.['rows'] }).toEqual({ table, rows });
      }
    });
  });

  test('takes new orders after its own', async () => {
    await withDatabase('postgres18', async (url) => {
      await createShop(url, { scale: 0.001 });
      const insert = `INSERT INTO orders (customer_id, status, currency, total, placed_at)
        VALUES (1, 'new', 'EUR', 10, now()) RETURNING id::int`;
      expect(await runSql(url, insert)).toEqual([{ id: 201 }]);
    });
  });

  test('is the same for the same seed, whatever the server', async () => {
    const first = await shopContents('postgres18', 7);
    expect(await shopContents('postgres15', 7)).toEqual(first);
    const other = await shopContents('postgres18', 8);
    const different = other.filter((line, index) => line !== first[index]);
    // Currencies and categories owe little or nothing to the seed.
    expect(different.length).toBeGreaterThanOrEqual(7);
  });
});

describe('edge values', () => {
  test.each(['postgres18', 'postgres15'] as const)('all are stored by %s, with NULL', async (name) => {
    await withDatabase(name, async (url) => {
      const [version] = await runSql<{ number: number }>(
        url,
        `SELECT current_setting('server_version_num')::int AS number`,
      );
      const number = version?.number ?? 0;
      const tables = await createEdgeTable(url, number);
      const expected = edgeTypes.filter((edge) => (edge.minVersion ?? 0) <= number && edge.optional !== true);
      expect(tables.map((table) => table.type)).toEqual(
        expect.arrayContaining(expected.map((edge) => edge.type)),
      );
      expect(tables.length).toBeGreaterThanOrEqual(expected.length);
      for (const { table, rows } of tables) {
        const sql = `SELECT count(*)::int AS rows, count(*) FILTER (WHERE v IS NULL AND id = ${rows})::int AS nulls FROM edge.${table}`;
        expect({ table, counts: await runSql(url, sql) }).toEqual({ table, counts: [{ rows, nulls: 1 }] });
      }
    });
  });
});

describe('tables of one kind', () => {
  const kinds = [
    { name: 'wide', create: createWide, rows: 2_000 },
    { name: 'narrow', create: createNarrow, rows: 120_000 },
    { name: 'text-heavy', create: createTextHeavy, rows: 500 },
    { name: 'huge rows', create: createHugeRows, rows: 2 },
  ];
  test.each(kinds)('$name: $rows rows, the same for the same seed', async ({ create, rows }) => {
    const made = (seed: number): Promise<string[]> =>
      withDatabase('postgres18', async (url) => contents(url, [await create(url, { rows, seed })]));
    const [first, again, other] = [await made(1), await made(1), await made(2)];
    expect(first[0]).toContain(` ${rows} `);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('huge rows are huge', async () => {
    await withDatabase('postgres18', async (url) => {
      await createHugeRows(url, { rows: 1 });
      const sql = 'SELECT octet_length(document) AS document, octet_length(file) AS file FROM huge_rows';
      expect(await runSql(url, sql)).toEqual([{ document: 10_000_000, file: 10_000_000 }]);
    });
  });
});

test('random numbers repeat for the same seed and fill their range', () => {
  const numbers = (seed: number): number[] => {
    const random = seededRandom(seed);
    return Array.from({ length: 1_000 }, () => random.below(10));
  };
  expect(numbers(3)).toEqual(numbers(3));
  expect(numbers(3)).not.toEqual(numbers(4));
  expect(new Set(numbers(3))).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]));
});
