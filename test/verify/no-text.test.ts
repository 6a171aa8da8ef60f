import { createDatabase, runMysql, runSql, sharedServer } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { tsmoltFetch } from '../support/tsmolt.js';
import { countsOf, tsmoltVerify } from '../support/verify.js';

/** What servers store and no target can hold, each in a table of its own: the type, and the value. */
const values = {
  utf8: ['varchar(9) CHARACTER SET utf8mb4', `_ucs2 X'0041D8000042'`],
  ucs: ['varchar(9) CHARACTER SET ucs2', `_ucs2 X'0041D8000042'`],
  greek: ['text CHARACTER SET greek', `_greek X'41D242'`],
  gbk: ['varchar(9) CHARACTER SET gbk', `_gbk X'FEFE'`],
  label: [`enum('x', X'41D242') CHARACTER SET greek`, '2'],
  document: ['json', `JSON_OBJECT('a', _utf8mb4 'x')`],
} as const;

test.each(['mysql', 'mariadb'] as const)(
  'bytes that are no text in %s equal nothing, not even what fetch was told to make of them',
  async (from) => {
    const source = await createDatabase(await sharedServer(from));
    const target = await createDatabase(await sharedServer('postgres18'));
    try {
      const tables = Object.entries(values);
      await runMysql(
        source.url,
        `SET SESSION sql_mode = ''`,
        ...tables.flatMap(([name, [type, value]]) => [
          `CREATE TABLE ${name} (id int PRIMARY KEY, v ${type})`,
          `INSERT INTO ${name} VALUES (1, ${name === 'document' ? `'[]'` : `'x'`}), (2, ${value})`,
        ]),
        `UPDATE document SET v = (SELECT JSON_ARRAY(v) FROM utf8 WHERE id = 2) WHERE id = 2`,
        `CREATE TABLE keyed (v varchar(9) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, n int)`,
        `INSERT INTO keyed VALUES ('x', 1), (_ucs2 X'0041D8000042', 2)`,
      );
      const flags = ['--direct-copy', '--table-handling', 'drop-on-target-and-recreate'];
      const clamp = ['--unrepresentable-values', 'clamp'];
      const fetched = await tsmoltFetch(source.url, target.url, ...flags, ...clamp);
      expect(fetched.exitCode, fetched.failure).toBe(0);
      // What MySQL's own conversion makes of it, as an earlier load may have written it.
      await runSql(target.url, `INSERT INTO keyed VALUES ('A', 2)`);
      const run = await tsmoltVerify(source.url, target.url);
      expect(run.exitCode, run.failure).toBe(1);
      for (const [name] of tables) {
        expect(countsOf(run, name), name).toEqual({ truth_rows: 2, success: 1, mismatch: 1 });
      }
      expect(countsOf(run, 'keyed')).toEqual({ truth_rows: 2, success: 1, missing: 1, extraneous: 2 });
      await runSql(target.url, `UPDATE utf8 SET v = 'A' WHERE id = 2`, `UPDATE gbk SET v = '?' WHERE id = 2`);
      const live = ['--live', '--live-retries', '1', '--table-filter', '^(utf8|gbk|keyed)$'];
      const again = await tsmoltVerify(source.url, target.url, ...live);
      for (const name of ['utf8', 'gbk'])
        expect(countsOf(again, name)).toMatchObject({ success: 1, mismatch: 1 });
      expect(countsOf(again, 'keyed')).toMatchObject({ success: 1, missing: 1, extraneous: 2 });
    } finally {
      await source.drop();
      await target.drop();
    }
  },
);
