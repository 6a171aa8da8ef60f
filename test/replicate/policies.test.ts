import { createDatabase, runMysql, sharedServer } from '@tsmolt/testkit';
import { ReplicationMetrics, TsmoltError } from 'tsmolt';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import {
  arrives,
  differences,
  follow,
  recordedLog,
  rowsOf,
  slotPair,
  startFollowing,
} from '../support/replication.js';
import type { SlotPair } from '../support/replication.js';
import { catchUp, fetchFrom, startReplicator } from '../support/replicator.js';

/** The position that the advice of a pause names. */
function acceptedPosition(text: string): string {
  const found = /--acceptUpTo ([^\s.]+)/.exec(text)?.[1];
  if (found === undefined) throw new Error(`no position: ${text}`);
  return found;
}

/** The position that a pause asks to accept. */
async function pausedBy(replication: Promise<unknown>): Promise<string> {
  const thrown = await replication.catch((error: unknown) => error);
  return acceptedPosition(thrown instanceof TsmoltError ? thrown.advice : 'it did not pause');
}

/** Each test leaves a stream that has come to its end. */
describe('what is no row', () => {
  let pair: SlotPair;
  beforeAll(async () => {
    pair = await slotPair();
    await pair.onBoth(
      'CREATE TABLE t (id int PRIMARY KEY, v text)',
      'CREATE TABLE other (id int PRIMARY KEY)',
    );
    await pair.onSource(`INSERT INTO t VALUES (1, 'a'), (2, 'b')`);
    await follow(pair);
  });
  afterAll(() => pair.drop());

  test('TRUNCATE: it pauses with what came before on the target, and says how to go on', async () => {
    await pair.onSource('INSERT INTO other VALUES (1)', 'TRUNCATE t', `INSERT INTO t VALUES (3, 'c')`);
    const paused = await catchUp(pair);
    expect(paused.exitCode, paused.stdout).toBe(3);
    expect(paused.stderr).toMatch(
      /TSM7001.*paused before position [0-9A-F]+\/[0-9A-F]+: the source did "TRUNCATE.*public\.t/s,
    );
    expect(await rowsOf(pair.target, 'other')).toEqual(['(1)']);
    expect(await rowsOf(pair.target, 't')).toEqual(['(1,a)', '(2,b)']);
    // Nothing is passed over by trying again.
    await expect(follow(pair)).rejects.toMatchObject({ code: 'TSM7001' });
    await pair.onTarget('TRUNCATE t');
    await follow(pair, { acceptUpTo: acceptedPosition(paused.stderr) });
    expect(await differences(pair, 't', 'other')).toEqual([]);
  });

  test('TRUNCATE: --acceptUpTo accepts up to that position and no further', async () => {
    await pair.onSource(
      'TRUNCATE t',
      `INSERT INTO t VALUES (4, 'd')`,
      'TRUNCATE t',
      `INSERT INTO t VALUES (5, 'e')`,
    );
    const first = await pausedBy(follow(pair));
    const second = await pausedBy(follow(pair, { acceptUpTo: first }));
    expect(second).not.toBe(first);
    await pair.onTarget('TRUNCATE t');
    await follow(pair, { acceptUpTo: second });
    expect(await differences(pair, 't')).toEqual([]);
  });

  test('TRUNCATE: applied in its place', async () => {
    await pair.onSource(
      `INSERT INTO t VALUES (6, 'f')`,
      `INSERT INTO t VALUES (7, 'g'); TRUNCATE t, other; INSERT INTO t VALUES (8, 'h')`,
      `INSERT INTO other VALUES (2)`,
    );
    await follow(pair, { onTruncate: 'apply' });
    expect(await differences(pair, 't', 'other')).toEqual([]);
    expect(await rowsOf(pair.target, 't')).toEqual(['(8,h)']);
  });

  test('TRUNCATE: applied to a table alone, which other tables inherit from', async () => {
    await pair.onBoth(
      'CREATE TABLE elder (id int PRIMARY KEY)',
      'CREATE TABLE heir (PRIMARY KEY (id)) INHERITS (elder)',
    );
    await pair.onSource('INSERT INTO elder VALUES (1)', 'INSERT INTO heir VALUES (2)', 'TRUNCATE ONLY elder');
    await follow(pair, { onTruncate: 'apply' });
    expect(await rowsOf(pair.target, 'elder')).toEqual(['(2)']);
    await pair.onBoth('DROP TABLE elder CASCADE');
  });

  test('TRUNCATE: applied where the target has children of the table', async () => {
    await pair.onTarget(
      'CREATE TABLE child (id int PRIMARY KEY, o int REFERENCES other (id))',
      'INSERT INTO child VALUES (1, 2)',
    );
    await pair.onSource('TRUNCATE other', 'INSERT INTO other VALUES (3)');
    const refused = await follow(pair, { onTruncate: 'apply' }).catch((thrown: unknown) => thrown);
    expect(refused).toMatchObject({ message: expect.stringMatching(/truncat/) as string });
    expect(await rowsOf(pair.target, 'other')).toEqual(['(2)']);
    await pair.onTarget('DROP TABLE child');
    await follow(pair, { onTruncate: 'apply' });
    expect(await differences(pair, 'other')).toEqual([]);
  });

  test('TRUNCATE: ignored, and counted', async () => {
    const metrics = new ReplicationMetrics('pglogical');
    await pair.onSource('TRUNCATE other', 'INSERT INTO other VALUES (9)');
    await follow(pair, { onTruncate: 'ignore', metrics });
    expect(await rowsOf(pair.target, 'other')).toEqual(['(3)', '(9)']);
    expect(await metrics.registry.metrics()).toMatch(/replicator_passed_events_total\{event="truncate"\} 1/);
    await pair.onTarget('DELETE FROM other WHERE id = 3');
  });

  test('a new column: it pauses; after the same change on the target it goes on, and the column arrives', async () => {
    const running = startReplicator(pair);
    await running.printed(/going on from the checkpoint/);
    await pair.onSource(`INSERT INTO t VALUES (10, 'before')`);
    await arrives(pair.target, 'SELECT FROM t WHERE id = 10');
    await pair.onSource(
      `ALTER TABLE t ADD extra int DEFAULT 5; INSERT INTO t VALUES (11, 'after', 7)`,
      `INSERT INTO other VALUES (10)`,
    );
    const paused = await running.finished;
    expect(paused.exitCode, paused.stdout).toBe(3);
    expect(paused.stderr).toMatch(/TSM7001.*public\.t.*Make the same change there/s);
    expect(await rowsOf(pair.target, '(SELECT id FROM t WHERE id >= 10)')).toEqual(['(10)']);
    await pair.onTarget('ALTER TABLE t ADD extra int DEFAULT 5');
    await follow(pair, { acceptUpTo: acceptedPosition(paused.stderr) });
    expect(await differences(pair, 't', 'other')).toEqual([]);
  });

  test('a new column under `check`: the target’s own lack of it is told, and mended', async () => {
    await pair.onSource(`ALTER TABLE t ADD more text; INSERT INTO t (id, more) VALUES (12, 'm')`);
    await expect(follow(pair, { onDdl: 'check' })).rejects.toMatchObject({
      code: 'TSM7005',
      message: expect.stringMatching(/public\.t .*more/) as string,
    });
    await pair.onTarget('ALTER TABLE t ADD more text');
    await follow(pair, { onDdl: 'check' });
    expect(await differences(pair, 't')).toEqual([]);
  });

  test('a new column that the target has first needs no pause under `check`, however old its schema was read', async () => {
    const running = startFollowing(pair, { onDdl: 'check' });
    await pair.onSource('INSERT INTO other VALUES (11)');
    await arrives(pair.target, 'SELECT FROM other WHERE id = 11');
    await pair.onTarget('ALTER TABLE t ADD third text');
    await pair.onSource(
      `INSERT INTO t VALUES (13, 'one')`,
      `ALTER TABLE t ADD third text; INSERT INTO t (id, third) VALUES (14, 'three')`,
    );
    await arrives(pair.target, `SELECT FROM t WHERE third = 'three'`);
    await running.drain();
    expect(await differences(pair, 't', 'other')).toEqual([]);
  });

  test('a new column that is ignored', async () => {
    await pair.onTarget('ALTER TABLE t ADD fourth text');
    await pair.onSource(`ALTER TABLE t ADD fourth text; INSERT INTO t (id, fourth) VALUES (15, 'four')`);
    await follow(pair, { onDdl: 'ignore' });
    expect(await differences(pair, 't')).toEqual([]);
  });

  test('a table that the target does not have', async () => {
    await pair.onSource(
      'CREATE TABLE fresh (id int PRIMARY KEY)',
      `INSERT INTO other VALUES (12)`,
      'INSERT INTO fresh VALUES (1)',
    );
    await expect(follow(pair)).rejects.toMatchObject({
      code: 'TSM7005',
      message: expect.stringMatching(/changes come for public\.fresh/) as string,
    });
    expect(await differences(pair, 'other')).toEqual([]);
    await pair.onTarget('CREATE TABLE fresh (id int PRIMARY KEY)');
    await follow(pair);
    expect(await differences(pair, 'fresh')).toEqual([]);
  });

  test('a table whose key the target does not have', async () => {
    await pair.onTarget('CREATE TABLE keyless (id int, v text)');
    await pair.onSource(
      'CREATE TABLE keyless (id int PRIMARY KEY, v text)',
      `INSERT INTO keyless VALUES (1, 'x')`,
    );
    await expect(follow(pair)).rejects.toMatchObject({
      code: 'TSM7005',
      message: expect.stringMatching(
        /public\.keyless identifies its rows by \(id\), and public\.keyless on the target has no key/,
      ) as string,
    });
    await pair.onTarget('ALTER TABLE keyless ADD UNIQUE (id)');
    await follow(pair);
    expect(await differences(pair, 'keyless')).toEqual([]);
  });

  test('a table of the source without a key', async () => {
    await pair.onBoth('CREATE TABLE bag (v text)');
    await expect(follow(pair)).rejects.toMatchObject({
      code: 'TSM5003',
      message: expect.stringMatching(/bag/) as string,
    });
    await follow(pair, { filters: { tableExclusion: 'bag' } });
    await pair.onSource(
      'CREATE TABLE whole (v text)',
      'ALTER TABLE whole REPLICA IDENTITY FULL',
      `INSERT INTO bag VALUES ('left out')`,
      'INSERT INTO other VALUES (13)',
    );
    const metrics = new ReplicationMetrics('pglogical');
    const { logger, lines } = recordedLog();
    await follow(pair, { onMissingKey: 'ignore', metrics, logger });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        tables: ['public.bag', 'public.whole'],
        message: expect.stringMatching(/left out by --onMissingKey ignore/) as string,
      }),
    );
    expect(await metrics.registry.metrics()).toMatch(/replicator_tables_left_out 2/);
    expect(await differences(pair, 'other')).toEqual([]);
    expect(await rowsOf(pair.target, 'bag')).toEqual([]);
    await pair.onSource('DROP TABLE whole');
    await pair.onSource('DROP TABLE bag');
  });

  test('names that differ in case only are different tables and columns', async () => {
    await pair.onBoth(
      `CREATE TABLE "Case" (id int PRIMARY KEY, "A" text, a text);
       CREATE TABLE "case" (id int PRIMARY KEY, "A" text, a text)`,
    );
    await pair.onSource(
      `INSERT INTO "Case" VALUES (1, 'big A', 'big a')`,
      `INSERT INTO "case" VALUES (1, 'small A', 'small a')`,
    );
    await follow(pair);
    expect(await differences(pair, '"Case"', '"case"')).toEqual([]);
  });
});

test('values that no target can hold are replaced, warned of and counted', async () => {
  const source = await createDatabase(await sharedServer('mysql'));
  const target = await createDatabase(await sharedServer('postgres18'));
  onTestFinished(async () => {
    await source.drop();
    await target.drop();
  });
  await runMysql(source.url, 'CREATE TABLE t (id int PRIMARY KEY, d date, e date)');
  const stream = await fetchFrom(source.url, target.url);
  await runMysql(
    source.url,
    `SET SESSION sql_mode = ''`,
    `INSERT INTO t VALUES (1, '0000-00-00', '0000-00-00'), (2, '2026-01-31', '0000-00-00')`,
  );
  await expect(follow(stream)).rejects.toMatchObject({ code: 'TSM3008' });
  const metrics = new ReplicationMetrics('mylogical');
  const { logger, lines } = recordedLog();
  await follow(stream, { unrepresentable: 'null', metrics, logger });
  expect(await rowsOf(target.url, 't')).toEqual(['(1,,)', '(2,2026-01-31,)']);
  expect(await metrics.registry.metrics()).toMatch(
    /replicator_replaced_values_total\{schema="public",table="t"\} 3/,
  );
  expect(lines.filter(({ message }) => message.startsWith('replace'))).toMatchObject([
    { level: 'warn', table: 'public.t', message: expect.stringContaining('they are counted') as string },
    { level: 'warn', table: 'public.t', replaced_values: { d: 1, e: 2 } },
  ]);
});
