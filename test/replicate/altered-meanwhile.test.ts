import { TsmoltError } from 'tsmolt';
import type { ReplicateRequest } from 'tsmolt';
import { describe, expect, onTestFinished, test } from 'vitest';
import { differences, follow, recordedLog, rowsOf, slotPair } from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';

/** A pair whose table `t` has a row; nothing has been replicated. */
async function freshPair(): Promise<SlotPair> {
  const pair = await slotPair();
  onTestFinished(pair.drop);
  await pair.onBoth(
    'CREATE TABLE t (id int PRIMARY KEY, v text)',
    'CREATE TABLE other (id int PRIMARY KEY, v text)',
  );
  await pair.onSource(`INSERT INTO t VALUES (1, 'a')`);
  return pair;
}

/** A pair whose table `t` has been replicated; nothing runs. */
async function stoppedPair(): Promise<SlotPair> {
  const pair = await freshPair();
  await follow(pair);
  return pair;
}

/** The position that a pause asks to accept, and what it says that was done. */
async function pause(replication: Promise<unknown>): Promise<{ position: string; message: string }> {
  const thrown = await replication.catch((error: unknown) => error);
  const { advice = '', message = 'it did not pause' } = thrown instanceof TsmoltError ? thrown : {};
  return { position: /--acceptUpTo ([^\s.]+)/.exec(advice)?.[1] ?? '', message };
}

/** What was passed over by a replication that ends well. */
async function passedOver(pair: SlotPair, request: Partial<ReplicateRequest>): Promise<string[]> {
  const { logger, lines } = recordedLog();
  await follow(pair, { ...request, logger });
  return lines.map(({ message }) => message).filter((message) => message.startsWith('passed over by'));
}

describe('altered while nobody replicated', () => {
  test.each([
    ['ALTER TABLE t DROP v', `INSERT INTO t VALUES (2)`, 'column "v" was dropped'],
    ['ALTER TABLE t ADD w int', `INSERT INTO t VALUES (2, 'b', 3)`, 'column "w" integer was added'],
    ['ALTER TABLE t ALTER v TYPE varchar', `INSERT INTO t VALUES (2, 'b')`, 'column "v" was changed from text to character varying'],
    ['ALTER TABLE t RENAME v TO w', `INSERT INTO t VALUES (2, 'b')`, 'column "v" was renamed to "w"'],
    ['DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, v text)', `INSERT INTO t VALUES (2, 'b')`, 'it is another table of the same name'],
  ])('%s: told with the first row after it, and accepted once', async (alter, insert, difference) => {
    const pair = await stoppedPair();
    await pair.onBoth(alter);
    await follow(pair);
    await pair.onSource(insert);
    const { position, message } = await pause(follow(pair));
    expect(message).toContain(`"public.t: ${difference}"`);
    expect(await passedOver(pair, { acceptUpTo: position })).toEqual([`passed over by --acceptUpTo ${position}`]);
    await pair.onSource('UPDATE t SET id = 3 WHERE id = 2');
    expect(await passedOver(pair, {})).toEqual([]);
    expect(await differences(pair, 't')).toEqual([]);
  }); // prettier-ignore

  test('rows from before it are written without a word', async () => {
    const pair = await stoppedPair();
    await pair.onSource(
      `INSERT INTO t VALUES (2, 'before')`,
      'ALTER TABLE t DROP v',
      `INSERT INTO t VALUES (3)`,
    );
    const { message } = await pause(follow(pair));
    expect(message).toContain('"public.t: column "v" was dropped"');
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(2,before)']);
  });

  test('with --onDDL check it is a warning, once', async () => {
    const pair = await stoppedPair();
    await pair.onSource('ALTER TABLE t DROP v', 'INSERT INTO t VALUES (2)');
    expect(await passedOver(pair, { onDdl: 'check' })).toEqual(['passed over by --onDDL check']);
    await pair.onSource('INSERT INTO t VALUES (3)');
    expect(await passedOver(pair, {})).toEqual([]);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(2,)', '(3,)']);
  });

  test('a process that dies before its checkpoint leaves it to the next one, which is told of it, too', async () => {
    const pair = await stoppedPair();
    await pair.onSource('ALTER TABLE t DROP v', 'INSERT INTO t VALUES (2)');
    await pair.onTarget(
      `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN RAISE insufficient_privilege USING MESSAGE = 'no checkpoint today'; END $$`,
      `CREATE TRIGGER refuse BEFORE UPDATE ON _replicator.memo FOR EACH ROW
        WHEN (NEW.key LIKE '%.public') EXECUTE FUNCTION refuse()`,
    );
    await expect(follow(pair, { onDdl: 'ignore' })).rejects.toThrow('no checkpoint today');
    await pair.onTarget('DROP FUNCTION refuse CASCADE');
    const { position, message } = await pause(follow(pair));
    expect(message).toContain('"public.t: column "v" was dropped"');
    await follow(pair, { acceptUpTo: position });
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(2,)']);
  });

  test('in a transaction that is too large to be held whole', async () => {
    const pair = await stoppedPair();
    await pair.onTarget('ALTER TABLE t ADD w text');
    await pair.onSource(
      `ALTER TABLE t ADD w text; INSERT INTO t SELECT i, 'b', repeat('w', 200000) FROM generate_series(2, 25) AS i`,
    );
    expect(await passedOver(pair, { onDdl: 'ignore' })).toHaveLength(1);
    await pair.onSource(`INSERT INTO t VALUES (26, 'c')`);
    expect(await passedOver(pair, {})).toEqual([]);
    expect(await differences(pair, 't')).toEqual([]);
  });

  test('with a staging schema elsewhere', async () => {
    const pair = await stoppedPair();
    const elsewhere = await slotPair();
    onTestFinished(elsewhere.drop);
    const request = { stagingConn: elsewhere.target };
    await pair.onTarget('DROP SCHEMA _replicator CASCADE');
    await pair.onSource(`INSERT INTO t VALUES (2, 'b')`);
    await follow(pair, request);
    await pair.onSource('ALTER TABLE t DROP v', 'INSERT INTO t VALUES (3)');
    const { position } = await pause(follow(pair, request));
    expect(await passedOver(pair, { ...request, acceptUpTo: position })).toHaveLength(1);
    await pair.onSource('INSERT INTO t VALUES (4)');
    expect(await passedOver(pair, request)).toEqual([]);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(2,b)', '(3,)', '(4,)']);
  });
});

describe('altered before anybody replicated', () => {
  test('a column that was added on both sides is accepted once', async () => {
    const pair = await freshPair();
    await pair.onBoth('ALTER TABLE t ADD extra int DEFAULT 5');
    await pair.onSource(`INSERT INTO t VALUES (3, 'after', 7)`);
    const { position, message } = await pause(follow(pair));
    expect(message).toMatch(/altered after these changes were made: column "extra" integer was added/);
    const { logger, lines } = recordedLog();
    await follow(pair, { acceptUpTo: position, logger });
    expect(await differences(pair, 't')).toEqual([]);
    expect(lines.map(({ message: words }) => words)).toContain(
      'passed over by what --acceptUpTo has accepted',
    );
    await pair.onSource(`UPDATE t SET extra = 8`);
    await follow(pair);
    expect(await differences(pair, 't')).toEqual([]);
  });

  test('what was accepted is remembered by processes that come later, also where another table pauses them', async () => {
    const pair = await freshPair();
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
    const pair = await freshPair();
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
    expect(third.message).toMatch(/public\.t: column "b" was dropped/);
    const fourth = await pause(follow(pair, { acceptUpTo: third.position }));
    expect(fourth.message).toMatch(/public\.t: column "b" integer was added/);
    await follow(pair, { acceptUpTo: fourth.position });
    expect(await rowsOf(pair.target, '(SELECT id, b FROM t WHERE id > 3)')).toEqual([
      '(4,8)',
      '(5,)',
      '(6,9)',
    ]);
  });
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
