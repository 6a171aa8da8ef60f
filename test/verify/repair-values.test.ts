import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sharedServer, startCockroachStandIn } from '@tsmolt/testkit';
import type { CockroachStandIn } from '@tsmolt/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { leftOut, makeEdgeTables } from '../support/edge-tables.js';
import { freshDatabase, printedTable } from '../support/scenario-databases.js';
import type { SourceName } from '../support/scenario.js';
import { tsmoltFetch } from '../support/tsmolt.js';
import { tsmoltVerify } from '../support/verify.js';

let standIn: CockroachStandIn;
let folder = '';
beforeAll(async () => {
  standIn = await startCockroachStandIn({ postgresUrl: (await sharedServer('postgres18')).url });
  folder = await mkdtemp(join(tmpdir(), 'tsmolt-repair-'));
});
afterAll(async () => {
  await standIn.stop();
  await rm(folder, { recursive: true });
});

test.each<[SourceName, SourceName]>([
  ['PostgreSQL', 'PostgreSQL'],
  ['PostgreSQL', 'CockroachDB stand-in'],
  ['MySQL', 'PostgreSQL'],
  ['MySQL', 'CockroachDB stand-in'],
  ['MariaDB', 'PostgreSQL'],
])('from %s to %s a repair writes what a fetch writes, whatever its type', async (from, to) => {
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
    const print = (): Promise<unknown[]> =>
      Promise.all(tables.map(({ name }) => printedTable(target.url, `SELECT * FROM ${name} ORDER BY id`)));
    const before = await print();
    await target.run(
      tables.flatMap(({ name }) => [
        `INSERT INTO ${name} SELECT id + 1000, v FROM ${name}`,
        `DELETE FROM ${name} WHERE id < 1000 AND id % 2 = 1`,
        `UPDATE ${name} SET v = NULL WHERE id < 1000 AND id % 4 = 0`,
      ]),
    );
    const file = join(folder, `${target.name}.sql`);
    const run = await tsmoltVerify(source.url, target.url, ...flags, '--repair-file', file, '--repair-apply');
    expect(run.exitCode, run.stdout).toBe(0);
    expect(run.line('repair complete')).toMatchObject({ num_refused: 0, num_without_effect: 0, num_remaining: 0 }); // prettier-ignore
    expect(await print()).toEqual(before);
  } finally {
    await source.drop();
    await target.drop();
  }
});
