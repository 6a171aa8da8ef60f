import { connectSql, runSql } from '@tsmolt/testkit';
import { expect, test } from 'vitest';
import { startFetch } from '../support/tsmolt.js';
import { twoDatabases } from '../support/two-databases.js';

const databases = twoDatabases();

/** Money moves between accounts of two tables: whatever a snapshot sees, the sum is the same. */
const bank = [
  'CREATE TABLE checking (id int PRIMARY KEY, cents bigint NOT NULL, filler text)',
  'CREATE TABLE savings (id int PRIMARY KEY, cents bigint NOT NULL, filler text)',
  `INSERT INTO checking SELECT i, 1000, repeat('x', 200) FROM generate_series(1, 60000) i`,
  `INSERT INTO savings SELECT i, 1000, repeat('y', 200) FROM generate_series(1, 60000) i`,
];

test('a writer that never rests does not tear the snapshot', async () => {
  await runSql(databases.source, ...bank);
  const writer = await connectSql(databases.source);
  let writing = true;
  let transfers = 0;
  const busy = (async () => {
    for (let i = 1; writing; i = (i % 60_000) + 1) {
      await writer.query(
        `BEGIN; UPDATE checking SET cents = cents - 7 WHERE id = ${i};
         UPDATE savings SET cents = cents + 7 WHERE id = ${60_001 - i};
         INSERT INTO checking VALUES (${1_000_000 + transfers}, 5, 'new'); INSERT INTO savings VALUES (${1_000_000 + transfers}, -5, 'new'); COMMIT`,
      );
      transfers++;
    }
  })();

  const run = startFetch(
    databases.source, databases.target, '--direct-copy', '--table-handling', 'drop-on-target-and-recreate',
    '--row-batch-size', '5000', '--table-concurrency', '1', '--checksum',
  ); // prettier-ignore
  await run.printed(/starting fetch/);
  const transfersAtStart = transfers;
  const finished = await run.finished;
  writing = false;
  await busy;
  await writer.end();

  expect(finished.exitCode, finished.failure).toBe(0);
  expect(transfers, 'the writer must have written while fetch ran').toBeGreaterThan(transfersAtStart);
  const [sums] = await runSql(
    databases.target,
    'SELECT (SELECT sum(cents) FROM checking) + (SELECT sum(cents) FROM savings) AS total, (SELECT count(*) FROM checking) = (SELECT count(*) FROM savings) AS paired',
  );
  expect(sums).toEqual({ total: '120000000', paired: true });
});

test('a slot starts where the snapshot ends: nothing is missing between the two', async () => {
  await runSql(databases.source, ...bank);
  const slot = `slot_${Date.now()}`;
  const run = startFetch(
    databases.source, databases.target, '--direct-copy', '--table-handling', 'drop-on-target-and-recreate',
    '--pglogical-replication-slot-name', slot, '--pglogical-publication-and-slot-drop-and-recreate',
  ); // prettier-ignore
  await run.printed(/starting fetch/);
  await runSql(databases.source, `INSERT INTO checking VALUES (2000000, 1, 'after the snapshot')`);
  const finished = await run.finished;

  expect(finished.exitCode, finished.failure).toBe(0);
  expect(finished.line('dropping and recreating publication molt_fetch').level).toBe('info');
  const [atTarget] = await runSql(databases.target, 'SELECT count(*)::int AS rows FROM checking');
  expect(atTarget).toEqual({ rows: 60_000 });
  const [position] = await runSql(
    databases.source,
    `SELECT confirmed_flush_lsn::text AS lsn, plugin FROM pg_replication_slots WHERE slot_name = '${slot}'`,
  );
  expect(position).toEqual({ lsn: finished.line('starting fetch')['cdc_cursor'], plugin: 'pgoutput' });
  const changes = await runSql(
    databases.source,
    `SELECT count(*)::int AS inserts FROM pg_logical_slot_get_binary_changes('${slot}', NULL, NULL, 'proto_version', '1', 'publication_names', 'molt_fetch')
     WHERE get_byte(data, 0) = ascii('I')`,
  );
  expect(changes).toEqual([{ inserts: 1 }]);
});

test('an existing slot is refused by name unless it is to be replaced', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE t (id int PRIMARY KEY)',
    `SELECT pg_create_logical_replication_slot('taken_' || current_database(), 'pgoutput')`,
  );
  const slot = `taken_${new URL(databases.source).pathname.slice(1)}`;
  const args = [
    '--direct-copy',
    '--table-handling',
    'drop-on-target-and-recreate',
    '--pglogical-replication-slot-name',
    slot,
  ];
  const refused = await startFetch(databases.source, databases.target, ...args).finished;
  expect(refused.exitCode).toBe(1);
  expect(refused.line(/^Error/)).toMatchObject({
    code: 'TSM5001',
    message: expect.stringContaining(`replication slot "${slot}" already exists`),
    advice: expect.stringContaining('--pglogical-publication-and-slot-drop-and-recreate'),
  });
  const replaced = await startFetch(
    databases.source, databases.target, ...args, '--pglogical-publication-and-slot-drop-and-recreate',
  ).finished; // prettier-ignore
  expect(replaced.exitCode, replaced.failure).toBe(0);
});

test('a table whose changes PostgreSQL could not publish is refused before the application is hurt', async () => {
  await runSql(databases.source, 'CREATE TABLE journal (v text)', `INSERT INTO journal VALUES ('x')`);
  const slot = `journal_${new URL(databases.source).pathname.slice(1)}`;
  const args = [
    '--direct-copy',
    '--table-handling',
    'drop-on-target-and-recreate',
    '--pglogical-replication-slot-name',
    slot,
  ];
  const refused = await startFetch(databases.source, databases.target, ...args).finished;
  expect(refused.line(/^Error/)).toMatchObject({
    code: 'TSM5003',
    message: expect.stringContaining('public.journal'),
    advice: expect.stringContaining('REPLICA IDENTITY FULL'),
  });
  await runSql(databases.source, `UPDATE journal SET v = 'y'`, 'ALTER TABLE journal REPLICA IDENTITY FULL');
  const run = await startFetch(databases.source, databases.target, ...args).finished;
  expect(run.exitCode, run.failure).toBe(0);
  await runSql(databases.source, `UPDATE journal SET v = 'z'`);
});

test('a table that waits for its turn cannot be truncated behind the back of the snapshot', async () => {
  await runSql(
    databases.source,
    'CREATE TABLE a_first (id int PRIMARY KEY, filler text)',
    `INSERT INTO a_first SELECT i, repeat('x', 200) FROM generate_series(1, 150000) i`,
    'CREATE TABLE z_last (id int PRIMARY KEY)',
    'INSERT INTO z_last SELECT generate_series(1, 1000)',
  );
  const run = startFetch(
    databases.source, databases.target, '--direct-copy', '--table-handling', 'drop-on-target-and-recreate',
    '--table-concurrency', '1', '--row-batch-size', '5000',
  ); // prettier-ignore
  await run.printed(/"table":"public.a_first","message":"starting data import on target"/);
  await expect(runSql(databases.source, `SET lock_timeout = '100ms'`, 'TRUNCATE z_last')).rejects.toThrow(
    'lock timeout',
  );
  const finished = await run.finished;
  expect(finished.exitCode, finished.failure).toBe(0);
  expect(await runSql(databases.target, 'SELECT count(*)::int AS rows FROM z_last')).toEqual([
    { rows: 1000 },
  ]);
  await runSql(databases.source, `SET lock_timeout = '100ms'`, 'TRUNCATE z_last');
});
