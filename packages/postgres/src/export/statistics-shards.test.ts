import type { ClientBase } from 'pg';
import { expect, test } from 'vitest';
import type { Table } from '@tsmolt/core';
import { cutByStatistics } from './statistics-shards.js';

const table: Table = {
  name: { schema: 'public', table: 't' },
  columns: [
    {
      name: 'Code',
      type: { kind: 'string', maxLength: 9 },
      nativeType: 'character varying(9)',
      nullable: false,
      generated: false,
      identity: 'never',
      hasDefault: false,
    },
  ],
  primaryKey: { name: 'k', columns: ['Code'] },
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: [],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};

/** A server whose statistics hold these values, and what it was asked. */
function serverWith(boundaries: readonly string[]): {
  readonly client: ClientBase;
  readonly asked: unknown[][];
} {
  const asked: unknown[][] = [];
  const query = (...question: unknown[]): Promise<unknown> => {
    asked.push(question);
    return Promise.resolve({ rows: boundaries.map((boundary) => ({ boundary })) });
  };
  return { client: { query } as unknown as ClientBase, asked };
}

test('asks the statistics for the values at which rows divide evenly', async () => {
  const { client, asked } = serverWith(['a', 'b']);
  await cutByStatistics(client, table, 2);
  expect(asked[0]?.[0]).toMatchInlineSnapshot(`
    "
      SELECT value::text AS boundary FROM (
        SELECT DISTINCT unnested::character varying(9) AS value
        FROM pg_catalog.pg_stats s,
          unnest(coalesce(s.histogram_bounds::text::text[], '{}') || coalesce(s.most_common_vals::text::text[], '{}')) AS unnested
        WHERE s.schemaname = $1 AND s.tablename = $2 AND s.attname = $3
      ) sample ORDER BY value"
  `);
  expect(asked[0]?.[1]).toEqual(['public', 't', 'Code']);
});

test('cuts at values that are evenly spread, written as literals of the type of the column', async () => {
  const { client } = serverWith(['a', 'b', `c'c`, 'd', 'e', 'f', 'g\\', 'h', 'i']);
  expect((await cutByStatistics(client, table, 3)).map(({ condition }) => condition)).toMatchInlineSnapshot(`
    [
      ""Code" < 'd'::character varying(9)",
      ""Code" >= 'd'::character varying(9) AND "Code" < E'g\\\\'::character varying(9)",
      ""Code" >= E'g\\\\'::character varying(9)",
    ]
  `);
});

test('few values make few ranges', async () => {
  expect(await cutByStatistics(serverWith(['a', 'b', 'c']).client, table, 50)).toHaveLength(3);
  expect(await cutByStatistics(serverWith(['a']).client, table, 50)).toEqual([{ condition: 'true' }]);
});

test('says why there is nothing to cut by', async () => {
  await expect(cutByStatistics(serverWith([]).client, table, 4)).rejects.toThrow(/Code: run ANALYZE/);
  const { primaryKey: _none, ...withoutKey } = table;
  await expect(cutByStatistics(serverWith(['a']).client, withoutKey, 4)).rejects.toThrow(/no primary key/);
});
