import { ConnectionUrl, nameFilter, silentLogger } from '@tsmolt/core';
import type { RowSet } from '@tsmolt/core';
import { identify } from '@tsmolt/pgwire';
import { openPostgres } from '@tsmolt/postgres';
import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import { expect, test } from 'vitest';

const rows = 400_000;

test.each([
  ['in the order of the key', 'i'],
  ['in no order', '(i * 7919) % 400009'],
])(
  'a large table that was never analysed is cut by a sample of its keys, which lie %s',
  async (_how, key) => {
    const created = await createDatabase(await sharedServer('postgres18'));
    const options = {
      allowUnencrypted: true,
      applicationName: 'verifier',
      maxConnections: 2,
      logger: silentLogger(),
    };
    const database = openPostgres(
      await identify(ConnectionUrl.parse(created.url, '--source'), options),
      options,
    );
    try {
      await runSql(
        created.url,
        `CREATE UNLOGGED TABLE t AS SELECT ${key} AS id, i % 9 AS tenant, 'row number ' || i AS v FROM generate_series(1::bigint, ${rows}) i`,
        'ALTER TABLE t ADD PRIMARY KEY (id)',
      );
      const [table] = await database.catalog.tables(nameFilter({}));
      if (table === undefined) throw new Error('there is no table');
      const column = { name: 'id', type: { kind: 'integer', bits: 64 } } as const;
      const set: RowSet = { table, key: [column], range: {}, signal: new AbortController().signal };
      const bounds = (await database.rowVerifier?.keyBounds(set, 20_000))?.map(([id]) => Number(id)) ?? [];
      expect(bounds.length).toBeGreaterThan(10);
      expect(bounds.length).toBeLessThan(40);
      expect(bounds).toEqual([...new Set(bounds)].toSorted((a, b) => a - b));
      const widths = bounds.map((bound, index) => bound - (bounds[index - 1] ?? 0));
      expect(Math.max(...widths)).toBeLessThan(80_000);
      const some = { ...set, key: [{ name: 'tenant', type: column.type }] };
      const tenants = (await database.rowVerifier?.keyBounds(some, 20_000))?.map(([tenant]) =>
        Number(tenant),
      );
      expect(tenants).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    } finally {
      await database.close();
      await created.drop();
    }
  },
);
