import type { ChangeEvent, ChangeSource } from '@tsmolt/core';
import { sharedServer } from '@tsmolt/testkit';
import { mutationsOf, readToEnd, readUntil, StrictReplica, transactionsOf } from '@tsmolt/testkit/contracts';
import { afterEach, describe, expect, test } from 'vitest';
import { streamedDatabase } from './change-streams.js';
import type { StreamedDatabase } from './change-streams.js';

let db: StreamedDatabase;
afterEach(() => db.close());

/** Text that does not fit into a row, and cannot be compressed into it. */
const longText = `(SELECT string_agg(md5(i::text), '') FROM generate_series(1, 2000) i)`;

/** Changes and statements, without what only says how far the stream is. */
async function told(source: ChangeSource, from: string): Promise<ChangeEvent[]> {
  return transactionsOf(await readToEnd(source, from)).flatMap(({ changes }) => changes);
}

function statements(events: readonly ChangeEvent[]): string[] {
  return events.flatMap((event) => ('statement' in event ? [event.statement] : []));
}

/** Runs the statements after `make`, and gives what a stream of the tables tells about them. */
async function toldAbout(
  server: 'postgres18' | 'postgres15',
  make: readonly string[],
  tables: readonly string[],
  change: readonly string[],
): Promise<ChangeEvent[]> {
  db = await streamedDatabase(await sharedServer(server), ...make);
  const source = await db.open(tables);
  const from = await source.currentPosition();
  await db.sql(...change);
  return told(source, from);
}

describe.each(['postgres18', 'postgres15'] as const)('%s', (server) => {
  test('a long value that an update left alone is not there, and the change is no upsert', async () => {
    const events = await toldAbout(
      server,
      ['CREATE TABLE t (id int PRIMARY KEY, v text, n int)', `INSERT INTO t VALUES (1, ${longText}, 1)`],
      ['t'],
      ['UPDATE t SET n = 2', 'UPDATE t SET n = NULL, id = 2', `UPDATE t SET v = ''`],
    );
    expect(events).toMatchObject([
      { kind: 'update', values: ['1', undefined, '2'] },
      { kind: 'update', values: ['2', undefined, null], oldKey: ['1'] },
      { kind: 'upsert', values: ['2', '', null] },
    ]);
  });

  test('with the whole row as identity it is there, and the old row too', async () => {
    const events = await toldAbout(
      server,
      [
        'CREATE TABLE t (v text, n int, id int PRIMARY KEY)',
        'ALTER TABLE t REPLICA IDENTITY FULL',
        `INSERT INTO t VALUES (${longText}, 1, 1)`,
      ],
      ['t'],
      ['UPDATE t SET n = 2', 'UPDATE t SET id = 2, v = NULL', 'DELETE FROM t'],
    );
    const text = expect.stringMatching(/^[\da-f]{64000}$/) as string;
    expect(events).toEqual([
      expect.objectContaining({ kind: 'upsert', values: [text, '2', '1'], before: [text, '1', '1'] }),
      expect.objectContaining({ values: [null, '2', '2'], before: [text, '2', '1'], oldKey: ['1'] }),
      expect.objectContaining({ kind: 'delete', values: [null, '2', '2'], before: [null, '2', '2'] }),
    ]);
    expect(events[0]).toMatchObject({ table: { columns: ['v', 'n', 'id'], key: [2] } });
    expect(events[0]).not.toHaveProperty('oldKey');
  });

  test('without a primary key, what identifies a row is the identity index, or the best unique one', async () => {
    const events = await toldAbout(
      server,
      [
        'CREATE TABLE i (a int, b int NOT NULL, c int NOT NULL, UNIQUE (b, c), UNIQUE (c))',
        'ALTER TABLE i REPLICA IDENTITY USING INDEX i_b_c_key',
        'CREATE TABLE f (a int, b int NOT NULL, c int NOT NULL, UNIQUE (a), UNIQUE (b, c), UNIQUE (c))',
        'ALTER TABLE f REPLICA IDENTITY FULL',
      ],
      ['i', 'f'],
      [
        'INSERT INTO i VALUES (1, 2, 3)',
        'UPDATE i SET b = 4',
        'DELETE FROM i',
        'INSERT INTO f VALUES (1, 2, 3)',
      ],
    );
    expect(events).toMatchObject([
      { kind: 'upsert', table: { key: [1, 2] } },
      { kind: 'upsert', values: ['1', '4', '3'], oldKey: ['2', '3'] },
      { kind: 'delete', values: [undefined, '4', '3'] },
      { kind: 'upsert', table: { key: [2] } },
    ]);
  });

  test('TRUNCATE with its options, for those tables that are wanted', async () => {
    const events = await toldAbout(
      server,
      [
        'CREATE TABLE a (id int PRIMARY KEY)',
        'CREATE TABLE "B b" (id int PRIMARY KEY REFERENCES a)',
        'CREATE TABLE other (id int PRIMARY KEY REFERENCES a)',
      ],
      ['a', 'B b'],
      ['INSERT INTO a VALUES (1)', 'TRUNCATE a RESTART IDENTITY CASCADE', 'TRUNCATE "B b"', 'TRUNCATE other'],
    );
    expect(statements(events)).toEqual([
      'TRUNCATE TABLE "public"."a", "public"."B b" RESTART IDENTITY CASCADE',
      'TRUNCATE TABLE "public"."B b"',
    ]);
  });

  test('what ALTER TABLE did, before the first change in the new shape', async () => {
    const insert = 'INSERT INTO t VALUES (1)';
    const events = await toldAbout(
      server,
      ['CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(5), c int)'],
      ['t'],
      [
        'ALTER TABLE t DROP COLUMN c',
        insert,
        'DELETE FROM t',
        'ALTER TABLE t ALTER a TYPE text, ALTER b TYPE varchar(9)',
        insert,
        'DELETE FROM t',
        'ALTER TABLE t RENAME a TO "A a"',
        `ALTER TABLE t ADD d timestamptz`,
        'ALTER TABLE t ALTER d SET DEFAULT now()',
        insert,
        'CREATE INDEX ON t (d)',
        'DELETE FROM t',
      ],
    );
    expect(statements(events)).toEqual([
      'public.t: column "c" was dropped',
      'public.t: column "a" was changed from integer to text; column "b" character varying got another length or precision',
      'public.t: column "a" was dropped; column "A a" text was added; column "d" timestamp with time zone was added',
    ]);
    const kinds = events.map(({ kind }) => kind);
    expect(kinds).toEqual(['ddl', 'upsert', 'delete', 'ddl', 'upsert', 'delete', 'ddl', 'upsert', 'delete']);
  });

  test('a renamed column, a renamed table, and another one in its place', async () => {
    const events = await toldAbout(
      server,
      ['CREATE TABLE t (id int PRIMARY KEY, a int)'],
      ['t'],
      [
        'ALTER TABLE t RENAME a TO b',
        'INSERT INTO t VALUES (1, 1)',
        'ALTER TABLE t RENAME TO old_t',
        'CREATE TABLE t (id int PRIMARY KEY, b int)',
        'INSERT INTO old_t VALUES (2, 2)',
        'INSERT INTO t VALUES (3, 3)',
      ],
    );
    expect(statements(events)).toEqual([
      'public.t: column "a" was renamed to "b"',
      'public.t was renamed to public.old_t: its changes are left out from here on',
      'public.t: it is another table of the same name',
    ]);
    expect(mutationsOf(events).map(({ row }) => row)).toEqual([
      { id: '1', b: '1' },
      { id: '3', b: '3' },
    ]);
  });

  test('a table that was altered while nobody was connected', async () => {
    db = await streamedDatabase(await sharedServer(server), 'CREATE TABLE t (id int PRIMARY KEY)');
    const source = await db.open(['t']);
    const from = await source.currentPosition();
    await db.sql('INSERT INTO t VALUES (1)');
    const [first] = transactionsOf(await readToEnd(source, from));
    await db.sql('ALTER TABLE t ADD v text', `INSERT INTO t VALUES (2, 'b')`);
    const events = await told(source, first?.position ?? '');
    expect(events.map(({ kind }) => kind)).toEqual(['ddl', 'upsert']);
    expect(statements(events)).toEqual(['public.t: column "v" text was added']);
  });

  test('a table that was altered after its changes were made, and before anybody connected', async () => {
    db = await streamedDatabase(await sharedServer(server), 'CREATE TABLE t (id int PRIMARY KEY)');
    const from = await (await db.open(['t'])).currentPosition();
    await db.sql('INSERT INTO t VALUES (1)', 'ALTER TABLE t ADD v text', `INSERT INTO t VALUES (2, 'b')`);
    const events = await told(await db.open(['t']), from);
    expect(statements(events)).toEqual([
      'public.t: altered after these changes were made: column "v" text was added',
      'public.t: column "v" text was added',
    ]);
  });

  test('what was altered is told again whenever it is read again, also where nobody saw its commit', async () => {
    db = await streamedDatabase(await sharedServer(server), 'CREATE TABLE t (id int PRIMARY KEY)');
    const source = await db.open(['t']);
    const from = await source.currentPosition();
    await db.sql('BEGIN', 'ALTER TABLE t ADD v text', `INSERT INTO t VALUES (1, 'a')`, 'COMMIT');
    await readUntil(source, from, ({ kind }) => kind === 'ddl');
    for (let round = 0; round < 2; round++) {
      const events = await told(source, from);
      expect(events.map(({ kind }) => kind)).toEqual(['ddl', 'upsert']);
    }
  });

  test('partitions under the name of their table', async () => {
    const events = await toldAbout(
      server,
      [
        'CREATE TABLE p (id int PRIMARY KEY, v text) PARTITION BY RANGE (id)',
        'CREATE TABLE p_1 PARTITION OF p FOR VALUES FROM (MINVALUE) TO (100)',
        'CREATE TABLE p_2 (v text, dropped int, id int NOT NULL)',
        'ALTER TABLE p_2 DROP COLUMN dropped',
        'ALTER TABLE p ATTACH PARTITION p_2 DEFAULT',
      ],
      ['p'],
      [
        `INSERT INTO p VALUES (1, 'a'), (200, 'b')`,
        `UPDATE p SET v = 'c' WHERE id = 200`,
        'UPDATE p SET id = 300 WHERE id = 1',
        'DELETE FROM p WHERE id = 200',
      ],
    );
    const replica = new StrictReplica();
    replica.apply(events);
    expect(mutationsOf(events).every(({ table }) => table === 'p')).toBe(true);
    expect(replica.rows('p')).toEqual(await db.rows('public', 'p'));
    expect(replica.rows('p')).toHaveLength(1);
  });

  test('generated columns are left out, and named', async () => {
    const events = await toldAbout(
      server,
      ['CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v int)'],
      ['t'],
      ['INSERT INTO t VALUES (1, DEFAULT, 7)', 'DELETE FROM t'],
    );
    expect(events).toMatchObject([
      { table: { columns: ['id', 'v'], key: [0], omitted: ['twice'] }, values: ['1', '7'] },
      { kind: 'delete', values: ['1', undefined] },
    ]);
  });

  test('NULL and nothing, emoji, enums, arrays, and the character that JSON and CSV quote', async () => {
    const events = await toldAbout(
      server,
      [
        `CREATE TYPE "Mood" AS ENUM ('so so', '😀')`,
        'CREATE TABLE t (id text PRIMARY KEY, v text, m "Mood", a "Mood"[], b bytea)',
      ],
      ['t'],
      [
        `INSERT INTO t VALUES ('😀"\\', '', '😀', ARRAY['so so', NULL, '😀']::"Mood"[], ''), ('', NULL, NULL, '{}', NULL)`,
      ],
    );
    expect(events).toMatchObject([
      { values: ['😀"\\', '', '😀', '{"so so",NULL,😀}', '\\x'] },
      { values: ['', null, null, '{}', null] },
    ]);
  });
});

test('columns that version 18 generates come where the publication has them', async () => {
  db = await streamedDatabase(
    await sharedServer('postgres18'),
    `CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED, v int,
      virtual int GENERATED ALWAYS AS (v * 2) VIRTUAL)`,
  );
  await db.sql(`ALTER PUBLICATION ${db.name} SET (publish_generated_columns = stored)`);
  const source = await db.open(['t']);
  const from = await source.currentPosition();
  await db.sql('INSERT INTO t (id, v) VALUES (1, 7)', 'UPDATE t SET id = 2');
  expect(await told(source, from)).toMatchObject([
    { table: { columns: ['id', 'twice', 'v'], key: [0], omitted: ['virtual'] }, values: ['1', '2', '7'] },
    { values: ['2', '4', '7'], oldKey: ['1'] },
  ]);
});

test('a whole row as identity with a column that version 18 generates and does not publish is warned of', async () => {
  db = await streamedDatabase(
    await sharedServer('postgres18'),
    'CREATE TABLE t (id int PRIMARY KEY, twice int GENERATED ALWAYS AS (id * 2) STORED)',
    'ALTER TABLE t REPLICA IDENTITY FULL',
  );
  expect((await db.open(['t'])).warnings).toEqual([expect.stringContaining('refuses UPDATE and DELETE')]);
  await expect(db.sql('UPDATE t SET id = 2')).rejects.toThrow('cannot update table');
  await db.sql(`ALTER PUBLICATION ${db.name} SET (publish_generated_columns = stored)`);
  expect((await db.open(['t'])).warnings).toEqual([]);
});
