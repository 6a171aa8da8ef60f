import { sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leftOut, makeEdgeTables } from '../support/edge-tables.js';
import { freshDatabase } from '../support/scenario-databases.js';
import type { SourceName } from '../support/scenario.js';
import { tsmoltFetch } from '../support/tsmolt.js';
import { countsOf, tsmoltVerify } from '../support/verify.js';

let standIn: CockroachStandIn;
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
});
afterAll(() => standIn.stop());

const routes: [SourceName, SourceName][] = [
  ['PostgreSQL', 'PostgreSQL'],
  ['PostgreSQL', 'CockroachDB stand-in'],
  ['MySQL', 'PostgreSQL'],
  ['MySQL', 'CockroachDB stand-in'],
  ['MariaDB', 'PostgreSQL'],
  ['MariaDB', 'CockroachDB stand-in'],
];

describe.each(routes)('from %s to %s', (from, to) => {
  test('what was fetched is equal, whatever its type; one value less is found in each table', async () => {
    const source = await freshDatabase(from, standIn);
    const target = await freshDatabase(to, standIn);
    try {
      const refused = leftOut(from, to);
      const made = await makeEdgeTables(source, from);
      const tables = made.filter(({ type }) => !refused.test(type));
      const others = made.filter(({ type }) => refused.test(type)).map(({ table }) => table);
      const flags = ['--table-exclusion-filter', `^(${others.join('|')})$`];
      const fetched = await tsmoltFetch(source.url, target.url, '--direct-copy', '--table-handling', 'drop-on-target-and-recreate', ...flags); // prettier-ignore
      expect(fetched.exitCode, fetched.failure).toBe(0);
      const equal = await tsmoltVerify(source.url, target.url, ...flags);
      expect(equal.exitCode, equal.stdout).toBe(0);
      await target.run(tables.map(({ name }) => `UPDATE ${name} SET v = NULL WHERE id = 1`));
      const different = await tsmoltVerify(source.url, target.url, ...flags);
      expect(different.exitCode, different.failure).toBe(1);
      for (const { table, rows, type } of tables) {
        expect(countsOf(different, table), type).toEqual({ truth_rows: rows, ...(rows > 1 ? { success: rows - 1 } : {}), mismatch: 1 }); // prettier-ignore
      }
    } finally {
      await source.drop();
      await target.drop();
    }
  });
});
