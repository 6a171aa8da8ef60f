import { sharedServer } from '@tsmolt/testkit';
import { describe, expect, test } from 'vitest';
import { mysqlPair } from '../support/mysql-replication.js';
import type { MysqlPair } from '../support/mysql-replication.js';
import { rowsOf, targetSchemaOf } from '../support/replication.js';
import { catchUp } from '../support/replicator.js';
import { tsmolt } from '../support/tsmolt.js';

const family = [
  'CREATE TABLE parent (id int PRIMARY KEY)',
  `CREATE TABLE child (id int PRIMARY KEY, parent int, note varchar(20),
     CONSTRAINT has_parent FOREIGN KEY (parent) REFERENCES parent (id) ON DELETE CASCADE)`,
];
const unchecked = 'SET SESSION foreign_key_checks = 0';

const dlq = (pair: MysqlPair, ...args: string[]) =>
  tsmolt('replicator', 'dlq', ...args, '--targetConn', pair.target, '--targetSchema', targetSchemaOf(pair));

test.each(['mysql', 'mariadb'] as const)(
  'from %s: children before their parents, and rows that a foreign key deletes',
  async (product) => {
    await using pair = await mysqlPair(await sharedServer(product), ...family);
    await pair.onSource(
      unchecked,
      'BEGIN',
      `INSERT INTO child VALUES (1, 1, 'same'), (2, 2, 'kept')`,
      'INSERT INTO parent VALUES (1), (2)',
      'COMMIT',
      `INSERT INTO child VALUES (3, 3, 'other')`,
      'INSERT INTO parent VALUES (3)',
      'SET SESSION foreign_key_checks = 1',
      'DELETE FROM parent WHERE id = 1',
    );
    const done = await catchUp(pair, '--timestampLimit', '1');
    expect(done.exitCode, done.failure).toBe(0);
    expect(await rowsOf(pair.target, 'child')).toEqual(['(2,2,kept)', '(3,3,other)']);
    expect(await rowsOf(pair.target, 'parent')).toEqual(['(2)', '(3)']);
    // MySQL 9.7 has such deletions in its log, MariaDB has not.
    expect(/^WARN.*CASCADE/m.test(done.stdout)).toBe(product === 'mariadb');
  },
);

describe('changes from MySQL that the target refuses', () => {
  test('unique values that rows exchange, in one transaction and over several', async () => {
    await using pair = await mysqlPair(
      await sharedServer('mysql'),
      'CREATE TABLE seats (id int PRIMARY KEY, seat varchar(10) UNIQUE)',
    );
    await pair.onSource(`INSERT INTO seats VALUES (1, 'a'), (2, 'b'), (3, 'c')`);
    const swap = (one: number, other: number, [first, second]: readonly [string, string]): string[] => [
      `UPDATE seats SET seat = NULL WHERE id = ${one}`,
      `UPDATE seats SET seat = '${first}' WHERE id = ${other}`,
      `UPDATE seats SET seat = '${second}' WHERE id = ${one}`,
    ];
    await pair.onSource('BEGIN', ...swap(1, 2, ['a', 'b']), 'COMMIT', ...swap(2, 3, ['a', 'c']));
    const done = await catchUp(pair);
    expect(done.exitCode, done.failure).toBe(0);
    expect(await rowsOf(pair.target, 'seats')).toEqual(['(1,b)', '(2,c)', '(3,a)']);
  });

  test('a child whose parent never came waits, exit code 4; then it is a dead letter, and applied by a person', async () => {
    await using pair = await mysqlPair(await sharedServer('mysql'), ...family);
    await pair.onSource(unchecked, `INSERT INTO child VALUES (1, 9, 'waits'), (2, NULL, 'goes on')`);
    const waiting = await catchUp(pair);
    expect(waiting.exitCode, waiting.stdout).toBe(4);
    expect(waiting.stdout).toMatch(/the target refused changes.*waiting=1/);
    expect(await rowsOf(pair.target, 'child')).toEqual(['(2,,"goes on")']);
    await pair.onSource(`UPDATE child SET note = 'behind' WHERE id = 1`);
    const given = await catchUp(pair, '--maxRetries', '0');
    expect(given.exitCode, given.stdout).toBe(4);
    const [letter] = JSON.parse((await dlq(pair, 'list', '--json')).stdout) as {
      id: string;
      after: object;
    }[];
    expect(letter).toMatchObject({ after: { id: '1', parent: '9', note: 'waits' } });
    await pair.onTarget('INSERT INTO parent VALUES (9)');
    const retried = await dlq(pair, 'retry', letter?.id ?? '');
    expect(retried.exitCode, retried.stderr).toBe(0);
    const done = await catchUp(pair);
    expect(done.exitCode, done.stdout).toBe(0);
    expect(await rowsOf(pair.target, 'child')).toEqual(['(1,9,behind)', '(2,,"goes on")']);
  });
});
