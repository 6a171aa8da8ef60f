import { TsmoltError } from 'tsmolt';
import { expect, onTestFinished, test } from 'vitest';
import { differences, follow, recordedLog, rowsOf, slotPair } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';

/** A pair whose table `t` has been replicated; nothing runs. */
async function stoppedPair(): Promise<SlotPair> {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth(
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    'CREATE TABLE other (id int PRIMARY KEY, v text)',
  );
  await pair.onSource(`INSERT INTO t VALUES (1, 'a')`);
  await follow(pair);
  return pair;
}

/** The position that a pause asks to accept, and what it says that was done. */
async function pause(replication: Promise<unknown>): Promise<{ position: string; message: string }> {
  const thrown = await replication.catch((error: unknown) => error);
  const { advice = '', message = 'it did not pause' } = thrown instanceof TsmoltError ? thrown : {};
  return { position: /--acceptUpTo ([^\s.]+)/.exec(advice)?.[1] ?? '', message };
}

test('a column that was added on both sides is accepted once', async () => {
  const pair = await stoppedPair();
  await pair.onSource(`INSERT INTO t VALUES (2, 'before')`);
  await pair.onBoth('ALTER TABLE t ADD extra int DEFAULT 5');
  await pair.onSource(`INSERT INTO t VALUES (3, 'after', 7)`);
  const { position, message } = await pause(follow(pair));
  expect(message).toMatch(/altered after these changes were made: column "extra" integer was added/);
  const { logger, lines } = recordedLog();
  await follow(pair, { acceptUpTo: position, logger });
  expect(await differences(pair, 't')).toEqual([]);
  expect(lines.map(({ message: words }) => words)).toContain('passed over by what --acceptUpTo has accepted');
  await pair.onSource(`UPDATE t SET extra = 8`);
  await follow(pair);
  expect(await differences(pair, 't')).toEqual([]);
});

test('what was accepted is remembered by processes that come later, also where another table pauses them', async () => {
  const pair = await stoppedPair();
  await pair.onSource(
    `INSERT INTO t VALUES (2, 'before')`,
    `INSERT INTO other VALUES (1, 'before')`,
    `INSERT INTO t VALUES (3, 'still before')`,
    `INSERT INTO other VALUES (2, 'still before')`,
  );
  await pair.onBoth('ALTER TABLE t ADD a int', 'ALTER TABLE t ADD b int', 'ALTER TABLE other DROP v');
  await pair.onTarget('ALTER TABLE other ADD v text');
  await pair.onSource(`INSERT INTO t VALUES (4, 'after', 7, 8)`, 'INSERT INTO other VALUES (3)');
  const first = await pause(follow(pair));
  expect(first.message).toMatch(/public\.t: altered/);
  const second = await pause(follow(pair, { acceptUpTo: first.position }));
  expect(second.message).toMatch(/public\.other: altered .*column "v" was dropped/);
  // A process that neither accepts anything nor gets any further changes nothing about that.
  expect(await pause(follow(pair))).toEqual(second);
  await follow(pair, { acceptUpTo: second.position });
  expect(await differences(pair, 't')).toEqual([]);
  expect(await rowsOf(pair.target, 'other')).toEqual(['(1,before)', '(2,"still before")', '(3,)']);
});

test('what was not accepted pauses: another column, and the same one that was dropped and comes again', async () => {
  const pair = await stoppedPair();
  await pair.onSource(`INSERT INTO t VALUES (2, 'before')`);
  await pair.onBoth('ALTER TABLE t ADD a int');
  const first = await pause(follow(pair));
  await pair.onSource(
    `INSERT INTO t VALUES (3, 'with a', 7)`,
    `ALTER TABLE t ADD b int; INSERT INTO t VALUES (4, 'with b', 7, 8)`,
  );
  await pair.onTarget('ALTER TABLE t ADD b int');
  const second = await pause(follow(pair, { acceptUpTo: first.position }));
  expect(second.message).toMatch(/public\.t: column "b" integer was added/);
  expect(await rowsOf(pair.target, 't')).toEqual(['(1,a,,)', '(2,before,,)', '(3,"with a",7,)']);
  await follow(pair, { acceptUpTo: second.position });
  await pair.onSource('ALTER TABLE t DROP b', `INSERT INTO t VALUES (5, 'without b', 7)`);
  await pair.onSource('ALTER TABLE t ADD b int DEFAULT 9', `INSERT INTO t VALUES (6, 'with b again', 7)`);
  const third = await pause(follow(pair));
  expect(third.message).toMatch(/public\.t: altered after .* column "b" integer was added/);
  await follow(pair, { acceptUpTo: third.position });
  expect(await rowsOf(pair.target, '(SELECT id, b FROM t WHERE id > 3)')).toEqual(['(4,8)', '(5,)', '(6,9)']);
});

test('a table that was out of the publication for a while is warned of, once', async () => {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth('CREATE TABLE t (id int PRIMARY KEY)', 'CREATE TABLE other (id int PRIMARY KEY)');
  await pair.onSource('DROP PUBLICATION molt_fetch', 'CREATE PUBLICATION molt_fetch FOR TABLE t, other');
  const warnings = async (): Promise<string[]> => {
    const { logger, lines } = recordedLog();
    await follow(pair, { logger });
    return lines.flatMap(({ level, message }) => (level === 'warn' ? [message] : []));
  };
  expect(await warnings()).toEqual([]);
  await pair.onSource(
    'ALTER PUBLICATION molt_fetch DROP TABLE t',
    'INSERT INTO t VALUES (1)',
    'ALTER PUBLICATION molt_fetch ADD TABLE t',
  );
  const words = /publication molt_fetch was altered while nobody replicated \(public\.t\)/;
  expect(await warnings()).toEqual([expect.stringMatching(words)]);
  expect(await warnings()).toEqual([]);
});
