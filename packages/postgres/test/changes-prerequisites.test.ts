import { randomBytes } from 'node:crypto';
import { createDatabase, runSql, sharedServer, startPostgres18 } from '@tsmolt/testkit';
import type { RunningServer } from '@tsmolt/testkit';
import { mutationsOf, readToEnd, transactionsOf } from '@tsmolt/testkit/contracts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { named, openDatabase, openStream, streamedDatabase } from './change-streams.js';
import type { StreamedDatabase } from './change-streams.js';

const table = 'CREATE TABLE t (id int PRIMARY KEY, v text)';

const refused = (code: string, words: string | RegExp): object =>
  expect.objectContaining({
    name: 'TsmoltError',
    code,
    message: expect.stringMatching(words) as string,
    advice: expect.stringMatching(/./) as string,
  }) as object;

describe.each(['postgres18', 'postgres15'] as const)('%s', (server) => {
  let db: StreamedDatabase;
  beforeEach(async () => {
    db = await streamedDatabase(await sharedServer(server), table);
  });
  afterEach(() => db.close());

  describe('the slot', () => {
    test('that does not exist, with the statement that makes it', async () => {
      await expect(db.open(['t'], { slot: 'nobody_s' })).rejects.toMatchObject({
        code: 'TSM5005',
        message: expect.stringContaining('no replication slot nobody_s') as string,
        advice: expect.stringContaining(
          `pg_create_logical_replication_slot('nobody_s', 'pgoutput')`,
        ) as string,
      });
    });

    test('that is a physical one, belongs to another database, or gives out prepared transactions', async () => {
      const other = `slot_${randomBytes(5).toString('hex')}`;
      await db.sql(`SELECT pg_create_physical_replication_slot('${other}')`);
      await expect(db.open(['t'], { slot: other })).rejects.toEqual(refused('TSM5005', 'physical'));
      await db.sql(
        `SELECT pg_drop_replication_slot('${other}')`,
        `SELECT pg_create_logical_replication_slot('${other}', 'pgoutput', false, true)`,
      );
      await expect(db.open(['t'], { slot: other })).rejects.toEqual(refused('TSM5006', 'two_phase'));
      await using elsewhere = await createDatabase(await sharedServer(server));
      await runSql(elsewhere.url, table);
      const database = await openDatabase(elsewhere.url);
      await expect(openStream(database, { ...named(['t']), slot: db.name })).rejects.toEqual(
        refused('TSM5005', `belongs to database .*, and the connection string names ${elsewhere.name}`),
      );
      await database.close();
    });

    test('that somebody else reads, with process and application', async () => {
      const first = await db.open(['t']);
      const reading = readToEnd(first, undefined);
      await reading;
      const controller = new AbortController();
      const reader = first.changes(undefined, controller.signal)[Symbol.asyncIterator]();
      await reader.next();
      // Who took a stream over is nothing to this one.
      const remembered = { load: () => Promise.resolve('1/1'), save: () => Promise.resolve() };
      await expect(db.open(['t'], { reader: remembered })).rejects.toEqual(
        refused('TSM5005', /is read by process \d+ of the source \(application "changes"\)/),
      );
      await db.sql(`INSERT INTO t VALUES (1, 'still read')`);
      await expect(reader.next()).resolves.toMatchObject({ done: false });
      controller.abort();
    });

    test('that has moved past the position, or a position that the log has not reached', async () => {
      const source = await db.open(['t']);
      const from = await source.currentPosition();
      await db.sql(`INSERT INTO t VALUES (1, 'a')`);
      const [only] = transactionsOf(await readToEnd(source, from));
      source.acknowledge(only?.position ?? '');
      await source.close();
      const next = await db.open(['t']);
      await expect(readToEnd(next, from)).rejects.toEqual(refused('TSM5005', 'has moved on to'));
      await expect(readToEnd(next, 'FFFF/0')).rejects.toEqual(
        refused('TSM5005', 'before the position FFFF/0'),
      );
      await expect(readToEnd(next, 'x')).rejects.toEqual(refused('TSM1004', '"x"'));
      expect(mutationsOf(await readToEnd(next, only?.position))).toEqual([]);
    });

    test('that is dropped while nobody reads it', async () => {
      const source = await db.open(['t']);
      await db.sql(`SELECT pg_drop_replication_slot('${db.name}')`);
      await expect(readToEnd(source, undefined)).rejects.toEqual(refused('TSM5005', 'no replication slot'));
    });

    test('what it keeps of the log', async () => {
      const source = await db.open(['t']);
      const before = await source.retained?.();
      await db.sql(`INSERT INTO t SELECT i, repeat('x', 100) FROM generate_series(1, 10000) i`);
      const after = await source.retained?.();
      expect(after?.state).toBe('reserved');
      expect((after?.bytes ?? 0) - (before?.bytes ?? 0)).toBeGreaterThan(1_000_000);
      expect(after).not.toHaveProperty('limit');
    });
  });

  describe('the publication', () => {
    test('that does not exist, lacks tables, or lacks kinds of changes', async () => {
      const stream = { publication: 'Pub "1' };
      await expect(db.open(['t'], stream)).rejects.toMatchObject({
        code: 'TSM5002',
        advice: expect.stringContaining(`CREATE PUBLICATION "Pub ""1" FOR TABLE "public"."t"`) as string,
      });
      await db.sql(
        'CREATE TABLE u (id int PRIMARY KEY)',
        `CREATE PUBLICATION "Pub ""1" FOR TABLE u WITH (publish = 'insert, truncate')`,
      );
      await expect(db.open(['u'], stream)).rejects.toEqual(refused('TSM5002', 'UPDATE and DELETE'));
      await db.sql(`ALTER PUBLICATION "Pub ""1" SET (publish = 'insert, update, delete')`);
      await expect(db.open(['t'], stream)).rejects.toEqual(refused('TSM5002', /lacks public\.t$/));
      const { warnings } = await db.open(['t', 'u'], stream);
      expect(warnings).toEqual([
        expect.stringMatching(/not replicated.*: public\.t$/),
        expect.stringContaining('does not publish TRUNCATE'),
      ]);
    });

    test('with a name that needs quotes is read all the same', async () => {
      await db.sql(
        `CREATE PUBLICATION "Pub, 'é "" 1" FOR TABLE t`,
        `SELECT pg_drop_replication_slot('${db.name}')`,
      );
      await db.sql(`SELECT pg_create_logical_replication_slot('${db.name}', 'pgoutput')`);
      const source = await db.open(['t'], { publication: `Pub, 'é " 1` });
      await db.sql(`INSERT INTO t VALUES (1, 'a')`);
      expect(mutationsOf(await readToEnd(source, undefined))).toHaveLength(1);
    });

    test('that is younger than the slot', async () => {
      const source = await db.open(['t']);
      const from = await source.currentPosition();
      await db.sql(`INSERT INTO t VALUES (1, 'a')`, 'CREATE PUBLICATION late FOR TABLE t');
      const late = await db.open(['t'], { publication: 'late' });
      const outcome = await readToEnd(late, from).then(mutationsOf, (thrown: unknown) => thrown);
      expect(outcome).toEqual(refused('TSM5002', /publication.*"late"/));
    });

    test('with conditions and lists of columns', async () => {
      await db.sql('CREATE TABLE u (id int PRIMARY KEY, a int, b int)');
      await db.sql(`CREATE PUBLICATION part FOR TABLE u (id, a) WHERE (id > 5)`);
      const { warnings } = await db.open(['u'], { publication: 'part' });
      expect(warnings).toEqual([
        expect.stringMatching(/gives out only those rows of public\.u for which \(+id > 5\)/),
        'publication part leaves out columns of public.u: b',
      ]);
    });

    test('that gives out partitions under their own names', async () => {
      await db.sql(
        'CREATE TABLE p (id int PRIMARY KEY) PARTITION BY RANGE (id)',
        'CREATE TABLE p_1 PARTITION OF p DEFAULT',
        'CREATE PUBLICATION leaves FOR TABLE p',
      );
      await expect(db.open(['p'], { publication: 'leaves' })).rejects.toMatchObject({
        code: 'TSM5006',
        message: expect.stringContaining('public.p') as string,
        advice: expect.stringContaining('publish_via_partition_root = true') as string,
      });
      const { warnings } = await db.open(['p']);
      expect(warnings).toEqual([expect.stringContaining('TRUNCATE of a single partition')]);
    });
  });

  test('documents whose declaration the stream leaves out', async () => {
    await db.sql('CREATE TABLE x (id int PRIMARY KEY, v xml)');
    expect((await db.open(['x', 't'])).warnings).toEqual([
      expect.stringMatching(/^public\.x: .*<\?xml version/),
    ]);
  });

  test('tables that are not there, and tables whose rows nothing identifies', async () => {
    await db.sql(
      'CREATE TABLE without (v int)',
      'CREATE TABLE nothing (id int PRIMARY KEY)',
      'ALTER TABLE nothing REPLICA IDENTITY NOTHING',
      'CREATE TABLE whole (v int, w int UNIQUE)',
      'ALTER TABLE whole REPLICA IDENTITY FULL',
    );
    await expect(db.open(['t', 'gone'])).rejects.toEqual(refused('TSM3002', /no table public\.gone$/));
    await expect(db.open(['t', 'without', 'nothing'])).rejects.toEqual(
      refused('TSM5003', /^public\.(nothing, public\.without|without, public\.nothing) cannot be replicated/),
    );
    await expect(db.open(['whole'])).rejects.toEqual(refused('TSM5003', 'REPLICA IDENTITY FULL and no key'));
  });

  test('an index as identity that does not hold the key of a partition is found out at the first change', async () => {
    await db.sql(
      'CREATE TABLE p (id int, other int NOT NULL, PRIMARY KEY (id)) PARTITION BY RANGE (id)',
      'CREATE TABLE p_1 PARTITION OF p DEFAULT',
      'CREATE UNIQUE INDEX p_1_other ON p_1 (other)',
      'ALTER TABLE p_1 REPLICA IDENTITY USING INDEX p_1_other',
    );
    const source = await db.open(['p']);
    await db.sql('INSERT INTO p VALUES (1, 1)', 'DELETE FROM p');
    await expect(readToEnd(source, undefined)).rejects.toEqual(refused('TSM5003', 'public.p'));
  });

  test('a user who may not replicate, and one who may do nothing else', async () => {
    const user = `user_${randomBytes(5).toString('hex')}`;
    const url = new URL(db.url);
    [url.username, url.password] = [user, 'secret'];
    await db.sql(`CREATE ROLE ${user} LOGIN PASSWORD 'secret'`);
    const stream = { slot: db.name, publication: db.name, ...named(['t']) };
    const first = await openDatabase(url.href);
    await expect(openStream(first, stream)).rejects.toEqual(
      refused('TSM3001', /replicat|walsender|WAL sender/i),
    );
    await first.close();
    await db.sql(
      `ALTER ROLE ${user} REPLICATION`,
      // From version 17 on it has one parameter more.
      server === 'postgres15'
        ? 'REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text) FROM PUBLIC'
        : 'REVOKE EXECUTE ON FUNCTION pg_logical_emit_message(boolean, text, text, boolean) FROM PUBLIC',
    );
    const database = await openDatabase(url.href);
    const source = await openStream(database, stream);
    await db.sql(`INSERT INTO t VALUES (1, 'a')`);
    expect(mutationsOf(await readToEnd(source, undefined))).toHaveLength(1);
    await source.close();
    await database.close();
    await db.sql(`DROP ROLE ${user}`);
  });
});

describe('a server of its own', () => {
  let server: RunningServer;
  let db: StreamedDatabase;
  beforeAll(async () => {
    server = await startPostgres18({
      own: true,
      settings: { max_prepared_transactions: 5, max_slot_wal_keep_size: '20MB', min_wal_size: '32MB' },
    });
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    db = await streamedDatabase(server, table);
  });
  afterEach(() => db.close());

  test('a prepared transaction comes when it is committed, and not when it is prepared or rolled back', async () => {
    const source = await db.open(['t']);
    const from = await source.currentPosition();
    await db.sql(
      'BEGIN',
      `INSERT INTO t VALUES (1, 'prepared')`,
      `PREPARE TRANSACTION 'one'`,
      'BEGIN',
      `INSERT INTO t VALUES (2, 'prepared')`,
      `PREPARE TRANSACTION 'two'`,
      `INSERT INTO t VALUES (3, 'plain')`,
    );
    expect(mutationsOf(await readToEnd(source, from)).map(({ row }) => row['id'])).toEqual(['3']);
    await db.sql(`COMMIT PREPARED 'one'`, `ROLLBACK PREPARED 'two'`);
    expect(mutationsOf(await readToEnd(source, from)).map(({ row }) => row['id'])).toEqual(['3', '1']);
  });

  test('a slot that has lost its log says so', async () => {
    const source = await db.open(['t']);
    const before = await source.retained?.();
    expect(before?.limit).toBeGreaterThan(before?.bytes ?? 0);
    for (let round = 0; round < 5; round++)
      await db.sql(`INSERT INTO t VALUES (${round}, 'v')`, 'SELECT pg_switch_wal()', 'CHECKPOINT');
    await expect(readToEnd(source, undefined)).rejects.toEqual(
      refused('TSM5005', 'invalidated: wal_removed'),
    );
    await expect(db.open(['t'])).rejects.toEqual(refused('TSM5005', 'invalidated: wal_removed'));
    expect(await source.retained?.()).toEqual({ bytes: 0, state: 'lost' });
  });

  test('a server that crashes is an error to retry, and afterwards nothing is missing', async () => {
    const source = await db.open(['t']);
    const from = await source.currentPosition();
    await db.sql(`INSERT INTO t VALUES (1, 'v')`);
    let killed: Promise<void> | undefined;
    const reading = (async () => {
      for await (const { events } of source.changes(from, new AbortController().signal)) {
        if (events.some(({ kind }) => kind === 'commit')) killed ??= server.kill();
      }
    })();
    await expect(reading).rejects.toMatchObject({ kind: 'retry' });
    await killed;
    await expect(readToEnd(source, from)).rejects.toMatchObject({ kind: 'retry' });
    await server.start();
    await db.sql(`INSERT INTO t VALUES (2, 'v')`);
    expect(mutationsOf(await readToEnd(source, from)).map(({ row }) => row['id'])).toEqual(['1', '2']);
  });

  test('a server that is shut down lets its reader go', async () => {
    const source = await db.open(['t'], { acknowledgeEveryMs: 50 });
    const from = await source.currentPosition();
    const reading = (async () => {
      for await (const { events } of source.changes(from, new AbortController().signal)) {
        for (const event of events) if ('position' in event) source.acknowledge(event.position);
      }
    })();
    reading.catch(() => undefined);
    await expect
      .poll(() => db.sql(`SELECT FROM pg_replication_slots WHERE slot_name = '${db.name}' AND active`))
      .toHaveLength(1);
    await server.restart();
    await expect(reading).rejects.toMatchObject({ code: 'TSM2007', kind: 'retry' });
  });
});

test('a server without logical decoding', async () => {
  await using server = await startPostgres18({ own: true, settings: { wal_level: 'replica' } });
  await using created = await createDatabase(server);
  await runSql(created.url, table);
  const database = await openDatabase(created.url);
  await expect(openStream(database, named(['t']))).rejects.toEqual(refused('TSM5002', 'wal_level = replica'));
  await database.close();
});
