import { runSql } from '@tsmolt/testkit';
import { listDeadLetters, replicationStatus } from 'tsmolt';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  arrives,
  differences,
  follow,
  rowsOf,
  slotPair,
  startFollowing,
  targetSchemaOf,
} from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { catchUp } from '../support/replicator.js';
import { tsmolt } from '../support/tsmolt.js';
import { scriptFile } from '../userscript/scripted-run.js';

/** The target has foreign keys that the source does not: only there can a child come without its parent. */
describe('changes that the target refuses', () => {
  let pair: SlotPair;
  beforeAll(async () => {
    pair = await slotPair();
    await pair.onBoth(
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].flatMap((letter) => [
        `CREATE TABLE parent_${letter} (id int PRIMARY KEY)`,
        `CREATE TABLE child_${letter} (id int PRIMARY KEY, parent int, note text)`,
      ]),
      `CREATE TABLE docs (id int PRIMARY KEY, n int, body text)`,
    );
    await pair.onTarget(
      ...['a', 'b', 'c', 'd', 'e', 'f', 'g'].map(
        (letter) =>
          `ALTER TABLE child_${letter} ADD CONSTRAINT has_parent FOREIGN KEY (parent) REFERENCES parent_${letter}`,
      ),
    );
    await pair.onSource('ALTER TABLE docs ALTER body SET STORAGE EXTERNAL');
  });
  afterAll(() => pair.drop());

  const patient = { quiescentPeriod: 50, maxRetries: 1_000_000 };
  const dlq = (...args: string[]) =>
    tsmolt('replicator', 'dlq', ...args, '--targetConn', pair.target, '--targetSchema', targetSchemaOf(pair));

  test('a child waits for its parent, what changes it waits behind it, and all follow when the parent comes', async () => {
    const running = startFollowing(pair, patient);
    await pair.onSource(
      `INSERT INTO child_a VALUES (1, 1, 'first'), (2, NULL, 'free')`,
      `UPDATE child_a SET note = 'second' WHERE id = 1`,
    );
    await arrives(pair.target, `SELECT FROM child_a WHERE id = 2`);
    await running.said(/waits in staging/);
    expect(await rowsOf(pair.target, 'child_a')).toEqual(['(2,,free)']);
    const status = await replicationStatus({ stagingConn: pair.target });
    expect(status.backlog).toMatchObject([{ table: { schema: 'public', table: 'child_a' }, waiting: 2 }]);
    await pair.onSource('INSERT INTO parent_a VALUES (1)');
    await arrives(pair.target, `SELECT FROM child_a WHERE note = 'second'`);
    await running.drain();
    expect(await differences(pair, 'parent_a', 'child_a')).toEqual([]);
    expect((await replicationStatus({ stagingConn: pair.target })).backlog).toEqual([]);
  });

  test('a later change of the row does not overtake one that waits, although it could be applied', async () => {
    await pair.onSource(
      `INSERT INTO child_b VALUES (1, 7, 'parent is missing')`,
      `UPDATE child_b SET parent = NULL, note = 'needs no parent' WHERE id = 1`,
      `UPDATE child_b SET id = 5 WHERE id = 1`,
      `INSERT INTO child_b VALUES (1, NULL, 'another one')`,
    );
    // One transaction at a time, and then all that was put off by a process of its own.
    await follow(pair, { ...patient, timestampLimit: 1 });
    await pair.onTarget('INSERT INTO parent_b VALUES (7)');
    await follow(pair, patient);
    expect(await rowsOf(pair.target, 'child_b')).toEqual(await rowsOf(pair.source, 'child_b'));
    expect((await replicationStatus({ stagingConn: pair.target })).backlog).toEqual([]);
  });

  test('within one batch neither', async () => {
    await pair.onSource(
      `INSERT INTO child_g VALUES (1, 7, 'parent is missing'), (2, 8, 'another one is')`,
      `UPDATE child_g SET parent = NULL, note = 'needs no parent' WHERE id = 1`,
    );
    await follow(pair, patient);
    await pair.onTarget('INSERT INTO parent_g VALUES (7), (8)');
    await follow(pair, patient);
    expect(await rowsOf(pair.target, 'child_g')).toEqual(await rowsOf(pair.source, 'child_g'));
  });

  test('what waits for a table that is emptied does not come back', async () => {
    await pair.onSource(`INSERT INTO child_f VALUES (1, 7, 'gone')`);
    await follow(pair, patient);
    await pair.onSource(
      `UPDATE child_f SET note = 'also'`,
      'TRUNCATE child_f',
      `INSERT INTO child_f VALUES (3, NULL, 'new')`,
    );
    await follow(pair, { ...patient, onTruncate: 'apply' });
    await pair.onTarget('INSERT INTO parent_f VALUES (7)');
    await follow(pair, patient);
    expect(await rowsOf(pair.target, 'child_f')).toEqual(await rowsOf(pair.source, 'child_f'));
    expect((await replicationStatus({ stagingConn: pair.target })).backlog).toEqual([]);
  });

  test('--until ends with 4 while a change waits, and with 0 when it has come', async () => {
    await pair.onBoth(
      'CREATE TABLE parent_u (id int PRIMARY KEY)',
      'CREATE TABLE child_u (id int PRIMARY KEY, parent int)',
    );
    await pair.onTarget('ALTER TABLE child_u ADD FOREIGN KEY (parent) REFERENCES parent_u');
    await pair.onSource('INSERT INTO child_u VALUES (1, 7)');
    const incomplete = await catchUp(pair);
    expect(incomplete.exitCode, incomplete.stdout).toBe(4);
    expect(incomplete.stdout).toMatch(/the target refused changes.*waiting=1/);
    await pair.onTarget('INSERT INTO parent_u VALUES (7)');
    expect((await catchUp(pair)).exitCode).toBe(0);
    expect(await rowsOf(pair.target, 'child_u')).toEqual(['(1,7)']);
  });

  test('given up after its retries it is a dead letter; applied by a person, what waited behind it follows', async () => {
    const running = startFollowing(pair, { quiescentPeriod: 20, maxRetries: 2 });
    await pair.onSource(`INSERT INTO child_c VALUES (1, 9, 'dead'), (2, NULL, 'alive')`);
    await running.said(/dead letter now/);
    await pair.onSource(
      `UPDATE child_c SET note = 'behind' WHERE id = 1`,
      `UPDATE child_c SET note = 'on' WHERE id = 2`,
    );
    await arrives(pair.target, `SELECT FROM child_c WHERE note = 'on'`);
    await running.drain();

    const listed = await dlq('list');
    expect(listed.exitCode, listed.stderr).toBe(0);
    expect(listed.stdout).toMatch(
      /upsert of public\.child_c \["1"\] at .*, given up after 3 attempts: .*has_parent/,
    );
    const [letter] = JSON.parse((await dlq('list', '--json')).stdout) as { id: string; after: object }[];
    expect(letter).toMatchObject({
      key: '["1"]',
      kind: 'upsert',
      after: { id: '1', parent: '9', note: 'dead' },
    });
    const id = letter?.id ?? '';
    expect(JSON.parse((await dlq('show', id)).stdout)).toEqual(letter);

    const tooEarly = await dlq('retry', id);
    expect(tooEarly.exitCode).toBe(1);
    expect(tooEarly.stderr).toMatch(/TSM4011.*has_parent/s);
    expect(await rowsOf(pair.target, 'child_c')).toEqual(['(2,,on)']);
    await pair.onTarget('INSERT INTO parent_c VALUES (9)');
    const again = startFollowing(pair, { quiescentPeriod: 20, maxRetries: 2 });
    const done = await dlq('retry', id);
    expect(done.stdout, done.stderr).toMatch(/^applied: /);
    await arrives(pair.target, `SELECT FROM child_c WHERE note = 'behind'`);
    await again.drain();
    expect(await differences(pair, 'child_c')).toEqual([]);
    expect((await dlq('list')).stdout).toBe('There are no dead letters.\n');
  });

  test('a dead letter that was for the userscript to write is written by it', async () => {
    const { path: script } = await scriptFile(
      `api.configureTargetTables(['child_s'], {
         async onWrite(rows) {
           for (const row of rows) row.data.note = row.data.note + ' by onWrite';
           await api.write(rows);
         },
       });`,
    );
    await pair.onBoth(
      'CREATE TABLE parent_s (id int PRIMARY KEY)',
      'CREATE TABLE child_s (id int PRIMARY KEY, parent int, note text)',
    );
    await pair.onTarget('ALTER TABLE child_s ADD FOREIGN KEY (parent) REFERENCES parent_s');
    await pair.onSource(`INSERT INTO child_s VALUES (1, 7, 'written')`);
    await follow(pair, { userscript: script, maxRetries: 0 });
    const [letter] = JSON.parse((await dlq('list', '--json')).stdout) as { id: string }[];
    await pair.onTarget('INSERT INTO parent_s VALUES (7)');
    const without = await dlq('retry', letter?.id ?? '');
    expect(without.exitCode).toBe(1);
    expect(without.stderr).toMatch(/TSM1001.*public\.child_s.*--userscript/s);
    const done = await dlq('retry', letter?.id ?? '', '--userscript', script);
    expect(done.stdout, done.stderr).toMatch(/^applied: /);
    expect(await rowsOf(pair.target, 'child_s')).toEqual(['(1,7,"written by onWrite")']);
    expect((await dlq('list')).stdout).toBe('There are no dead letters.\n');
  });

  test('a dead letter that is skipped lets what waits behind it go on, also after a restart', async () => {
    await pair.onSource(
      `INSERT INTO child_d VALUES (1, 9, 'dead')`,
      `UPDATE child_d SET parent = NULL WHERE id = 1`,
    );
    const request = { quiescentPeriod: 20, maxRetries: 1, timestampLimit: 1 };
    const running = startFollowing(pair, request);
    await running.said(/dead letter now/);
    await running.drain();
    expect(await rowsOf(pair.target, 'child_d')).toEqual([]);
    const [letter] = await listDeadLetters(
      { targetConn: pair.target, targetSchema: targetSchemaOf(pair) },
      10,
    );
    await follow(pair, request);
    expect(await rowsOf(pair.target, 'child_d')).toEqual([]);
    const skipped = await dlq('skip', letter?.id ?? '', '--json');
    expect(JSON.parse(skipped.stdout), skipped.stderr).toMatchObject({ kind: 'upsert', key: '["1"]' });
    await follow(pair, request);
    expect(await differences(pair, 'child_d')).toEqual([]);
  });

  test('there is no dead letter of that number', async () => {
    for (const action of ['show', 'retry', 'skip']) {
      const done = await dlq(action, '00000000-0000-0000-0000-000000000000');
      expect(done.exitCode).toBe(1);
      expect(done.stderr).toMatch(/TSM1001.*there is no dead letter 0000/s);
    }
  });

  test('an update for a row that the target does not have, of which not all values came', async () => {
    await pair.onSource(`INSERT INTO docs VALUES (1, 1, repeat('long ', 2000)), (2, 1, 'short')`);
    await follow(pair);
    await pair.onTarget('DELETE FROM docs');
    const running = startFollowing(pair, { quiescentPeriod: 20, maxRetries: 1 });
    await pair.onSource('UPDATE docs SET n = 2');
    const { reason } = await running.said(/dead letter now/);
    await running.drain();
    expect(reason).toMatch(/the row to be updated by \(id\) is not on the target/);
    // The short one came whole, and was written.
    expect(await rowsOf(pair.target, 'docs')).toEqual(['(2,2,short)']);
    const [letter] = await listDeadLetters(
      { targetConn: pair.target, targetSchema: targetSchemaOf(pair) },
      10,
    );
    expect(letter).toMatchObject({ kind: 'update', after: { id: '1', n: '2' } });
    await runSql(pair.target, `INSERT INTO docs VALUES (1, 1, repeat('long ', 2000))`);
    expect((await dlq('retry', letter?.id ?? '')).exitCode).toBe(0);
    expect(await differences(pair, 'docs')).toEqual([]);
  });

  test('thousands of children before their parents, in one transaction', async () => {
    await pair.onSource(
      `INSERT INTO child_e SELECT i, i % 100 + 1, repeat('x', 3000) FROM generate_series(1, 3000) i; INSERT INTO parent_e SELECT generate_series(1, 100)`,
    );
    const { changes } = await follow(pair, patient);
    expect(changes).toBe(3100);
    await follow(pair, patient);
    expect(await differences(pair, 'parent_e', 'child_e')).toEqual([]);
  });
});
