import { runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { tsmoltFetch } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();

test.each([
  ['a composite type with attributes in another order', 'pair'],
  ['an array of them', 'pair[]'],
  ['a domain of them', 'pairs'],
])('%s stops a load into a table, and one that would create it', async (_what, column) => {
  for (const [database, attributes] of [
    [databases.source, 'a int, b int'],
    [databases.target, 'b int, a int'],
  ] as const)
    await runSql(
      database,
      `CREATE TYPE pair AS (${attributes})`,
      'CREATE DOMAIN pairs AS pair[]',
      `CREATE TABLE t (id int PRIMARY KEY, v ${column})`,
    );
  const refused = {
    code: 'TSM3003',
    message: expect.stringMatching(
      /public\.t\.v is .*pair.* with the attributes \(a integer, b integer\) on the source and .*pair.* \(b integer, a integer\) on the target/,
    ),
    advice: expect.stringContaining('same order'),
  };
  for (const handling of ['none', 'drop-on-target-and-recreate']) {
    const run = await tsmoltFetch(
      databases.source,
      databases.target,
      '--direct-copy',
      '--table-handling',
      handling,
    );
    expect(run.exitCode, run.failure).toBe(1);
    expect(run.line(/^Error: /)).toMatchObject(refused);
  }
});
