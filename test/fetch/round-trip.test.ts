import { connectSql, createDatabase, createEdgeTable, sharedServer } from '@tsmolt/testkit';
import type { SharedServerName } from '@tsmolt/testkit';
import { describe, expect, test } from 'vitest';
import { tsmoltFetch } from '../support/tsmolt.js';

type Client = Awaited<ReturnType<typeof connectSql>>;

const versions: Readonly<Record<string, number>> = { postgres18: 180_000, postgres15: 150_000 };

/** The database is the judge: it prints both tables, and it compares. Row by row, so that a failure names the value. */
async function printed(client: Client, table: string): Promise<string[]> {
  const { rows } = await client.query<{ row: string }>(
    `SELECT id || ': ' || coalesce(v::text, 'NULL') AS row FROM edge.${table} ORDER BY id`,
  );
  return rows.map(({ row }) => row);
}

/** One connection for all tables of a side. */
async function connectInUtc(url: string): Promise<Client> {
  const client = await connectSql(url);
  await client.query("SET timezone = 'UTC'");
  return client;
}

const routes: [string, (folder: string) => string[]][] = [
  ['directly', () => ['--direct-copy']],
  ['through files', (name) => ['--local-path', `/tmp/tsmolt-${name}`, '--use-copy', '--cleanup']],
];

describe.each<[SharedServerName, SharedServerName]>([
  ['postgres18', 'postgres18'],
  ['postgres15', 'postgres18'],
  ['postgres18', 'postgres15'],
])('from %s to %s', (from, to) => {
  test.each(routes)('every type and every edge value arrives as it was, %s', async (_name, route) => {
    const oldest = Math.min(versions[from] ?? 0, versions[to] ?? 0);
    const source = await createDatabase(await sharedServer(from));
    const target = await createDatabase(await sharedServer(to));
    try {
      const tables = await createEdgeTable(source.url, oldest);
      const run = await tsmoltFetch(
        source.url, target.url, ...route(source.name), '--table-handling', 'drop-on-target-and-recreate', '--checksum',
      ); // prettier-ignore
      expect(run.exitCode, run.failure).toBe(0);
      const [onSource, onTarget] = [await connectInUtc(source.url), await connectInUtc(target.url)];
      for (const { table, type, rows } of tables) {
        const expected = await printed(onSource, table);
        expect(expected, type).toHaveLength(rows);
        expect(await printed(onTarget, table), type).toEqual(expected);
      }
      await Promise.all([onSource.end(), onTarget.end()]);
    } finally {
      await source.drop();
      await target.drop();
    }
  });
});
