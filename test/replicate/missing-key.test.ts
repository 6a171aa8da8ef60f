import { runSql, sharedServer } from '@tsmolt/testkit';
import { ReplicationMetrics } from 'tsmolt';
import { expect, onTestFinished, test } from 'vitest';
import { mysqlPair } from '../support/mysql-replication.js';
import {
  arrives,
  differences,
  follow,
  recordedLog,
  rowsOf,
  slotPair,
  startFollowing,
} from '../support/replication.js';

const leftOutWords = /left out by --onMissingKey ignore/;

test.each(['mysql', 'mariadb'] as const)(
  'from %s, tables without a key are left out, named and counted; one that loses its key too',
  async (product) => {
    await using pair = await mysqlPair(
      await sharedServer(product),
      'CREATE TABLE bag (v varchar(20))',
      'CREATE TABLE t (id int PRIMARY KEY)',
      'CREATE TABLE loses (id int PRIMARY KEY)',
    );
    await expect(follow(pair)).rejects.toMatchObject({ code: 'TSM5003' });
    await pair.onSource(
      `INSERT INTO bag VALUES ('left out'), ('as well'), (NULL)`,
      `UPDATE bag SET v = 'both' WHERE v IS NOT NULL`,
      'INSERT INTO loses VALUES (1)',
      'INSERT INTO t VALUES (1)',
    );
    const metrics = new ReplicationMetrics('mylogical');
    const { logger, lines } = recordedLog();
    await follow(pair, { onMissingKey: 'ignore', metrics, logger });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        tables: ['public.bag'],
        message: expect.stringMatching(leftOutWords) as string,
      }),
    );
    expect(await metrics.registry.metrics()).toMatch(
      /replicator_left_out_changes_total\{schema="public",table="bag"\} 5/,
    );
    const following = startFollowing(pair, { onMissingKey: 'ignore', onDdl: 'check' });
    await pair.onSource('INSERT INTO loses VALUES (2)');
    await arrives(pair.target, 'SELECT FROM loses WHERE id = 2');
    await pair.onSource(
      'ALTER TABLE loses DROP PRIMARY KEY',
      'INSERT INTO loses VALUES (3)',
      'INSERT INTO t VALUES (2)',
    );
    await arrives(pair.target, 'SELECT FROM t WHERE id = 2');
    await following.drain();
    expect(following.lines).toContainEqual(
      expect.objectContaining({ tables: ['public.loses', 'public.bag'] }),
    );
    expect(await rowsOf(pair.target, 'loses')).toEqual(['(1)', '(2)']);
    expect(await rowsOf(pair.target, 'bag')).toEqual([]);
  },
);

test('from MySQL, a key that is dropped is a pause, and then an end that says what to do', async () => {
  await using pair = await mysqlPair(
    await sharedServer('mysql'),
    'CREATE TABLE t (id int PRIMARY KEY)',
    'CREATE TABLE also (id int PRIMARY KEY)',
  );
  const following = startFollowing(pair);
  await pair.onSource('INSERT INTO t VALUES (1)');
  await arrives(pair.target, 'SELECT FROM t');
  await pair.onSource('ALTER TABLE t DROP PRIMARY KEY', 'INSERT INTO t VALUES (1)');
  await expect(following.ended).rejects.toMatchObject({ code: 'TSM7001' });
  await expect(follow(pair, { onDdl: 'check' })).rejects.toMatchObject({
    code: 'TSM5003',
    advice: expect.stringContaining('--onMissingKey ignore') as string,
  });
  // The policy for DDL lets it pass, that for keys does not.
  const checking = startFollowing(pair, { onDdl: 'check', filters: { table: '^also$' } });
  await pair.onSource('INSERT INTO also VALUES (1)');
  await arrives(pair.target, 'SELECT FROM also');
  await pair.onSource('ALTER TABLE also DROP PRIMARY KEY', 'INSERT INTO also VALUES (1)');
  await expect(checking.ended).rejects.toMatchObject({
    code: 'TSM7001',
    message: expect.stringMatching(/^replication paused: .*public\.also.* no primary key/) as string,
    cause: { code: 'TSM5003' },
  });
});

test('from PostgreSQL, a key that is dropped pauses the stream, and rows are not taken for one', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)', 'CREATE TABLE other (id int PRIMARY KEY)');
  const following = startFollowing(pair);
  await pair.onSource(`INSERT INTO t VALUES (1, 'a')`);
  await arrives(pair.target, 'SELECT FROM t');
  await pair.onSource('ALTER TABLE t DROP CONSTRAINT t_pkey', `INSERT INTO t VALUES (1, 'another')`);
  const refused = {
    code: 'TSM7001',
    message: expect.stringMatching(
      /^replication paused: public\.t cannot be replicated: its key was dropped/,
    ) as string,
    advice: expect.stringContaining('--onMissingKey ignore') as string,
  };
  await expect(following.ended).rejects.toMatchObject(refused);
  expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)']);
});

test('from PostgreSQL, a table whose key is dropped is left out and counted; given back it is carried again', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY, v text)', 'CREATE TABLE other (id int PRIMARY KEY)');
  const metrics = new ReplicationMetrics('pglogical');
  const following = startFollowing(pair, { onMissingKey: 'ignore', metrics });
  await pair.onSource(`INSERT INTO t VALUES (1, 'a')`);
  await arrives(pair.target, 'SELECT FROM t');
  await pair.onSource(
    'ALTER TABLE t DROP CONSTRAINT t_pkey',
    `INSERT INTO t VALUES (2, 'left out'), (3, 'left out')`,
    'INSERT INTO other VALUES (1)',
  );
  await arrives(pair.target, 'SELECT FROM other');
  await following.drain();
  expect(following.lines).toContainEqual(
    expect.objectContaining({
      tables: ['public.t'],
      message: expect.stringMatching(leftOutWords) as string,
    }),
  );
  expect(await metrics.registry.metrics()).toMatch(
    /replicator_left_out_changes_total\{schema="public",table="t"\} 2/,
  );
  await pair.onSource('ALTER TABLE t ADD PRIMARY KEY (id)', `UPDATE t SET v = 'b' WHERE id = 1`);
  await follow(pair);
  expect(await differences(pair, 'other')).toEqual([]);
  expect(await runSql(pair.target, 'SELECT v FROM t')).toEqual([{ v: 'b' }]);
});
