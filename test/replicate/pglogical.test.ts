import { createDatabase, runSql, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { catchUp, fetchFrom } from '../support/replicator.js';
import type { Stream } from '../support/replicator.js';
import { tsmolt } from '../support/tsmolt.js';

describe('from PostgreSQL 18 to PostgreSQL 18', () => {
  let databases: TestDatabase[];
  let stream: Stream;

  beforeEach(async () => {
    const server = await sharedServer('postgres18');
    databases = [await createDatabase(server), await createDatabase(server)];
    const [source, target] = databases.map(({ url }) => url);
    await runSql(
      source ?? '',
      `CREATE TABLE accounts (id int PRIMARY KEY, owner text NOT NULL, balance numeric(12,2), note text);
       ALTER TABLE accounts ALTER note SET STORAGE EXTERNAL;
       INSERT INTO accounts SELECT i, 'owner ' || i, i * 10, repeat('x', 3000) FROM generate_series(1, 100) i`,
    );
    stream = await fetchFrom(source ?? '', target ?? '');
  });

  afterEach(async () => {
    await runSql(
      stream.source,
      `SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE database = current_database()`,
    );
    for (const database of databases) await database.drop();
  });

  test('inserts, updates, deletes and new keys arrive, and values that were not sent stay', async () => {
    await runSql(
      stream.source,
      `INSERT INTO accounts VALUES (200, 'new "one", {a}\\b', NULL, '');
       UPDATE accounts SET balance = balance + 1 WHERE id <= 50;
       UPDATE accounts SET id = id + 1000 WHERE id BETWEEN 60 AND 69;
       DELETE FROM accounts WHERE id > 90 AND id < 100`,
    );
    const done = await catchUp(stream);
    expect(done.exitCode, done.stdout + done.stderr).toBe(0);
    const verified = await tsmolt(
      'verify',
      '--source',
      stream.source,
      '--target',
      stream.target,
      '--allow-tls-mode-disable',
      '--schema-filter',
      'public',
      '--metrics-listen-addr',
      '127.0.0.1:0',
    );
    expect(verified.exitCode, verified.stdout).toBe(0);
  });
});
