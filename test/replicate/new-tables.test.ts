import { createDatabase, runMysql, runSql, sharedServer } from '@tsmolt/testkit';
import { onTestFinished, expect, test } from 'vitest';
import {
  arrives,
  differences,
  follow,
  requestOf,
  rowsOf,
  slotPair,
  startFollowing,
} from '../support/replication.js';
import { mysqlPair } from '../support/mysql-replication.js';
import { fetchFrom } from '../support/replicator.js';

test('a table that is created on PostgreSQL meanwhile is told of, and none of its rows is lost', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY)');
  const running = startFollowing(pair, { onDdl: 'check' });
  await pair.onSource('INSERT INTO t VALUES (1)');
  await arrives(pair.target, 'SELECT FROM t');
  await pair.onBoth('CREATE TABLE n (id int PRIMARY KEY)');
  await pair.onSource('INSERT INTO n VALUES (7)', 'INSERT INTO t VALUES (2)');
  await expect(running.ended).rejects.toMatchObject({
    code: 'TSM7001',
    message: expect.stringContaining('public.n is new') as string,
  });
  await follow(pair);
  expect(await differences(pair, 't', 'n')).toEqual([]);
  expect(await rowsOf(pair.target, 'n')).toEqual(['(7)']);
});

test('a table that is not wanted may be created at any time', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY)');
  const running = startFollowing(pair, { filters: { tableExclusion: '^n$' } });
  await pair.onSource('INSERT INTO t VALUES (1)');
  await arrives(pair.target, 'SELECT FROM t');
  await pair.onSource(
    'CREATE TABLE n (id int PRIMARY KEY)',
    'INSERT INTO n VALUES (7)',
    'INSERT INTO t VALUES (2)',
  );
  await arrives(pair.target, 'SELECT FROM t WHERE id = 2');
  expect(await running.drain()).toMatchObject({ ended: 'drained' });
});

test('a partition is no new table, be it there at the start or created meanwhile; one that was detached is', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onSource('ALTER PUBLICATION molt_fetch SET (publish_via_partition_root = true)');
  const partition = (number: number): string =>
    `CREATE TABLE t_${number} PARTITION OF t FOR VALUES IN (${number})`;
  await pair.onBoth(
    'CREATE TABLE t (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part)',
    partition(1),
  );
  const running = startFollowing(pair);
  await pair.onSource('INSERT INTO t VALUES (1, 1)');
  await arrives(pair.target, 'SELECT FROM t WHERE id = 1');
  await pair.onBoth(partition(2));
  await pair.onSource('INSERT INTO t VALUES (2, 2)', 'UPDATE t SET part = 2 WHERE id = 1');
  await arrives(pair.target, 'SELECT FROM t WHERE id = 1 AND part = 2');
  expect(await differences(pair, 't')).toEqual([]);
  await pair.onSource('ALTER TABLE t DETACH PARTITION t_2', 'INSERT INTO t_2 VALUES (3, 2)');
  await expect(running.ended).rejects.toMatchObject({
    code: 'TSM7001',
    message: expect.stringContaining('public.t_2 is new') as string,
  });
});

const list = 'CREATE TABLE t (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part)';

const attach = 'ALTER TABLE t ATTACH PARTITION t_2 FOR VALUES IN (2)';

test.each([
  {
    when: 'before it was attached',
    table: 'CREATE TABLE t_2 (id int, part int NOT NULL, PRIMARY KEY (id, part))',
    changes: ['INSERT INTO t_2 VALUES (7, 2)', attach],
    onTarget: [attach],
  },
  {
    when: 'while the publication told them so',
    table: 'CREATE TABLE t_2 PARTITION OF t FOR VALUES IN (2)',
    changes: [
      'ALTER PUBLICATION molt_fetch SET (publish_via_partition_root = false)',
      'INSERT INTO t_2 VALUES (7, 2)',
      'ALTER PUBLICATION molt_fetch SET (publish_via_partition_root = true)',
    ],
    onTarget: [],
  },
])('rows that a partition got $when pause it, and the message names a way on', async (partition) => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onSource('ALTER PUBLICATION molt_fetch SET (publish_via_partition_root = true)');
  await pair.onBoth(list, partition.table);
  await pair.onSource(...partition.changes, 'INSERT INTO t VALUES (8, 2)');
  await pair.onTarget(...partition.onTarget);
  const thrown: unknown = await follow(pair).catch((error: unknown) => error);
  expect(thrown).toMatchObject({
    code: 'TSM7001',
    message: expect.stringMatching(
      /public\.t_2, which is a partition of public\.t, has changes of its own/,
    ) as string,
  });
  const { advice } = thrown as { advice: string };
  const tableExclusion = /--table-exclusion-filter '([^']+)'/.exec(advice)?.[1] ?? '';
  await follow(pair, { filters: { tableExclusion } });
  expect(await rowsOf(pair.target, 't')).toEqual(['(8,2)']);
});

test.each(['mysql', 'mariadb'] as const)(
  'a table that is created on %s meanwhile is told of, too',
  async (name) => {
    const source = await createDatabase(await sharedServer(name));
    const target = await createDatabase(await sharedServer('postgres18'));
    onTestFinished(async () => {
      await source.drop();
      await target.drop();
    });
    await runMysql(source.url, 'CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1)');
    const stream = await fetchFrom(source.url, target.url);
    const running = startFollowing(stream);
    await runMysql(source.url, 'INSERT INTO t VALUES (2)');
    await arrives(target.url, 'SELECT FROM t WHERE id = 2');
    await runMysql(source.url, 'CREATE TABLE n (id int PRIMARY KEY)', 'INSERT INTO n VALUES (7)');
    await runSql(target.url, 'CREATE TABLE n (id int PRIMARY KEY)');
    await expect(running.ended).rejects.toMatchObject({
      code: 'TSM7001',
      message: expect.stringContaining('public.n is new') as string,
    });
    await follow(stream, requestOf(stream));
    expect(await rowsOf(target.url, 'n')).toEqual(['(7)']);
    // Nobody replicates now: what was created here and there meanwhile needs nobody's word.
    await runMysql(source.url, 'CREATE TABLE m (id int PRIMARY KEY)', 'INSERT INTO m VALUES (8)');
    await runSql(target.url, 'CREATE TABLE m (id int PRIMARY KEY)');
    await follow(stream, requestOf(stream));
    expect(await rowsOf(target.url, 'm')).toEqual(['(8)']);
  },
);

test.each(['mysql', 'mariadb'] as const)(
  'a table that was dropped on %s while nobody replicated is told of as such, and a filter leaves it out',
  async (name) => {
    await using pair = await mysqlPair(
      await sharedServer(name),
      'CREATE TABLE t (id int PRIMARY KEY)',
      'CREATE TABLE gone (id int PRIMARY KEY)',
    );
    await pair.onSource('INSERT INTO t VALUES (1)', 'INSERT INTO gone VALUES (1)', 'DROP TABLE gone');
    await expect(follow(pair, { onDdl: 'check' })).rejects.toMatchObject({
      code: 'TSM7001',
      message: expect.stringContaining(
        'public.gone has changes here, and is not on the source any more',
      ) as string,
      advice: expect.stringContaining('--table-exclusion-filter') as string,
    });
    await follow(pair, { filters: { tableExclusion: '^gone$' } });
    expect(await rowsOf(pair.target, 't')).toEqual(['(1)']);
  },
);
