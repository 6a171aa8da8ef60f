import { createDatabase, runMysql, sharedServer } from '@tsmolt/testkit';
import { describe, expect, test } from 'vitest';
import { acceptedPosition, asUser, mysqlPair } from '../support/mysql-replication.js';
import { rowsOf } from '../support/replication.js';
import { catchUp } from '../support/replicator.js';

const table = 'CREATE TABLE t (id int PRIMARY KEY, v varchar(20))';

describe.each(['mysql', 'mariadb'] as const)('what is no row, from %s', (product) => {
  test('TRUNCATE: a pause with what came before on the target, then accepted up to there and no further', async () => {
    await using pair = await mysqlPair(await sharedServer(product), table);
    await pair.onSource(`INSERT INTO t VALUES (1, 'a')`, 'TRUNCATE t', `INSERT INTO t VALUES (2, 'b')`);
    const paused = await catchUp(pair);
    expect(paused.exitCode, paused.stdout).toBe(3);
    expect(paused.stderr).toMatch(
      /TSM7001.*paused before position [-0-9a-f:,]+: the source did "TRUNCATE t".*public\.t/s,
    );
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)']);
    await pair.onSource('TRUNCATE t', `INSERT INTO t VALUES (3, 'c')`);
    await pair.onTarget('TRUNCATE t');
    const again = await catchUp(pair, '--acceptUpTo', acceptedPosition(paused.stderr));
    expect(again.exitCode, again.stdout).toBe(3);
    expect(await rowsOf(pair.target, 't')).toEqual(['(2,b)']);
    expect(acceptedPosition(again.stderr)).not.toBe(acceptedPosition(paused.stderr));
    await pair.onTarget('TRUNCATE t');
    const done = await catchUp(pair, '--acceptUpTo', acceptedPosition(again.stderr));
    expect(done.exitCode, done.failure).toBe(0);
    expect(await rowsOf(pair.target, 't')).toEqual(['(3,c)']);
  });

  test('a new column: a pause that names the statement, and the column arrives after the same change on the target', async () => {
    await using pair = await mysqlPair(await sharedServer(product), table);
    const alter = 'ALTER TABLE t ADD COLUMN extra int DEFAULT 5';
    await pair.onSource(`INSERT INTO t VALUES (1, 'a')`, alter, `INSERT INTO t VALUES (2, 'b', 7)`);
    const paused = await catchUp(pair);
    expect(paused.exitCode, paused.stdout).toBe(3);
    expect(paused.stderr).toContain(`the source did "${alter}"`);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)']);
    await pair.onTarget(alter);
    const done = await catchUp(pair, '--acceptUpTo', acceptedPosition(paused.stderr));
    expect(done.exitCode, done.failure).toBe(0);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a,5)', '(2,b,7)']);
  });
});

describe('what is no row, from MySQL', () => {
  test('statement format elsewhere: whoever cannot see its triggers is warned', async () => {
    await using pair = await mysqlPair(await sharedServer('mysql'), table);
    const elsewhere = await createDatabase(await sharedServer('mysql'));
    try {
      await runMysql(
        elsewhere.url,
        'CREATE TABLE u (id int PRIMARY KEY)',
        'SET SESSION binlog_format = STATEMENT',
        'INSERT INTO u VALUES (1), (2)',
        'DELETE FROM u',
      );
      const warning = new RegExp(
        `^WARN.*changes of database ${elsewhere.name} are in statement format`,
        'gm',
      );
      const all = await catchUp(pair);
      expect(all.stdout).not.toMatch(warning);
      await using user = await asUser(pair, [
        'GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO USER',
        'GRANT SELECT ON DATABASE.* TO USER',
      ]);
      const some = await catchUp({ ...user, target: pair.target }, '--stagingSchema', '_other');
      expect(some.exitCode, some.failure).toBe(0);
      expect(some.stdout.match(warning)).toHaveLength(1);
    } finally {
      await elsewhere.drop();
    }
  });

  test('a statement in statement format ends it, and passes when it is accepted', async () => {
    await using pair = await mysqlPair(await sharedServer('mysql'), table);
    await pair.onSource(
      `INSERT INTO t VALUES (1, 'a')`,
      'SET SESSION binlog_format = STATEMENT',
      `INSERT INTO t VALUES (2, 'b')`,
      'SET SESSION binlog_format = ROW',
      `INSERT INTO t VALUES (3, 'c')`,
    );
    const refused = await catchUp(pair, '--onDDL', 'ignore');
    expect(refused.exitCode, refused.stdout).toBe(1);
    expect(refused.stderr).toMatch(/TSM5006.*in statement format.*Set binlog_format=ROW/s);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)']);
    await pair.onTarget(`INSERT INTO t VALUES (2, 'b')`);
    const done = await catchUp(pair, '--acceptUpTo', acceptedPosition(refused.stderr));
    expect(done.exitCode, done.failure).toBe(0);
    expect(done.stdout).toMatch(/^WARN.*passed over by --acceptUpTo/m);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(2,b)', '(3,c)']);
  });

  test('TRUNCATE: applied in its place, or ignored', async () => {
    await using pair = await mysqlPair(await sharedServer('mysql'), table);
    await pair.onSource(`INSERT INTO t VALUES (1, 'a')`, 'TRUNCATE TABLE t', `INSERT INTO t VALUES (2, 'b')`);
    const applied = await catchUp(pair, '--onTruncate', 'apply');
    expect(applied.exitCode, applied.failure).toBe(0);
    expect(await rowsOf(pair.target, 't')).toEqual(['(2,b)']);
    await pair.onSource('TRUNCATE t', `INSERT INTO t VALUES (3, 'c')`);
    const ignored = await catchUp(pair, '--onTruncate', 'ignore');
    expect(ignored.exitCode, ignored.failure).toBe(0);
    expect(ignored.stdout).toMatch(/^WARN.*TRUNCATE t/m);
    expect(await rowsOf(pair.target, 't')).toEqual(['(2,b)', '(3,c)']);
  });

  test('a new column under `check`: the target’s lack of it is told and mended; `ignore` asks nothing', async () => {
    await using pair = await mysqlPair(await sharedServer('mysql'), table);
    await pair.onSource('ALTER TABLE t ADD extra int', `INSERT INTO t VALUES (1, 'a', 7)`);
    const lacking = await catchUp(pair, '--onDDL', 'check');
    expect(lacking.exitCode, lacking.stdout).toBe(1);
    expect(lacking.stderr).toMatch(/TSM7005.*public\.t .*extra/s);
    await pair.onTarget('ALTER TABLE t ADD extra int');
    const mended = await catchUp(pair, '--onDDL', 'check');
    expect(mended.exitCode, mended.failure).toBe(0);
    await pair.onSource('ALTER TABLE t DROP v', 'INSERT INTO t VALUES (2, 8)');
    const ignored = await catchUp(pair, '--onDDL', 'ignore');
    expect(ignored.exitCode, ignored.failure).toBe(0);
    expect(ignored.stdout).toMatch(/^WARN.*ALTER TABLE t DROP v/m);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a,7)', '(2,,8)']);
  });

  test('rows that go with their table, or change places, pause under `check` too', async () => {
    await using pair = await mysqlPair(await sharedServer('mysql'), table, table.replace(' t ', ' u '));
    await pair.onSource(`INSERT INTO t VALUES (1, 'a')`, 'RENAME TABLE t TO x, u TO t, x TO u');
    const exchanged = await catchUp(pair, '--onDDL', 'check');
    expect(exchanged.exitCode, exchanged.stdout).toBe(3);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)']);
    await pair.onTarget(
      'ALTER TABLE t RENAME TO x',
      'ALTER TABLE u RENAME TO t',
      'ALTER TABLE x RENAME TO u',
    );
    await pair.onSource('DROP TABLE u', table.replace(' t ', ' u '), `INSERT INTO u VALUES (2, 'b')`);
    const accepted = ['--acceptUpTo', acceptedPosition(exchanged.stderr)];
    const dropped = await catchUp(pair, '--onDDL', 'check', ...accepted);
    expect(dropped.exitCode, dropped.stdout).toBe(3);
    expect(dropped.stderr).toContain('DROP TABLE');
  });
});
