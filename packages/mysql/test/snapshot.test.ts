import { openMysql } from '@tsmolt/mysql';
import { startMysql } from '@tsmolt/testkit';
import { mysqlDialect } from '@tsmolt/testkit/contracts';
import type { Database, SnapshotSource, Table } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { login, openDatabase, openOptions, parsed, runStatements, tableOf } from './databases.js';
import type { OpenedDatabase } from './databases.js';
import { exported, openSnapshot } from './exported.js';

const made = ['CREATE TABLE t (id int PRIMARY KEY)', 'INSERT INTO t VALUES (1), (2), (3)'];

/** The rows that each of so many exports at the same time sees. */
async function counts(snapshot: SnapshotSource, table: Table, exports: number): Promise<number[]> {
  const all = await Promise.all(Array.from({ length: exports }, () => exported(snapshot, table)));
  return all.map(({ rows }) => rows);
}

async function asUser(source: OpenedDatabase, ...privileges: string[]): Promise<Database> {
  const url = await login(source, (database, user) =>
    privileges.map((privilege) => `GRANT ${privilege} ON ${database}.* TO ${user}`),
  );
  return openMysql(parsed(url), openOptions);
}

async function ask<Result extends Record<string, unknown>>(url: string, query: string): Promise<Result[]> {
  const client = await mysqlDialect.connect(url);
  try {
    return await client.query<Result>(query);
  } finally {
    await client.end();
  }
}

const cursors = {
  mysql: /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}:1-\d+/,
  mariadb: /^\d+-\d+-\d+/,
} as const;

describe.each(['mysql', 'mariadb'] as const)('a snapshot of %s', (product) => {
  test('is taken under a global lock where the user may, and needs no word about it', async () => {
    await using source = await openDatabase(product, ...made);
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database, {
      tables: [table],
      wantCursor: true,
      maxConnections: 3,
    });
    await source.sql('DELETE FROM t');
    expect(snapshot.warnings).toEqual([]);
    expect(snapshot.cursor).toMatch(cursors[product]);
    expect(await counts(snapshot, table, 3)).toEqual([3, 3, 3]);
  });

  test('is taken under locks on the tables of the run where the user may lock no more', async () => {
    await using source = await openDatabase(product, ...made);
    const table = await source.table('t');
    const database = await asUser(source, 'SELECT', 'LOCK TABLES');
    {
      const options = { tables: [table], wantCursor: true, maxConnections: 3 };
      await using snapshot = await openSnapshot(database, options);
      await source.sql('DELETE FROM t');
      expect(snapshot.warnings.join('\n')).toContain('needs the privilege RELOAD');
      expect(snapshot.warnings.join('\n')).toContain('under read locks on the tables of this run');
      expect(await counts(snapshot, table, 3)).toEqual([3, 3, 3]);
    }
    await database.close();
  });

  test('is taken without locks, and proved to be one, where the user may only read', async () => {
    await using source = await openDatabase(product, ...made);
    const table = await source.table('t');
    const database = await asUser(source, 'SELECT');
    {
      await using snapshot = await openSnapshot(database, { tables: [table], maxConnections: 3 });
      await source.sql('DELETE FROM t');
      expect(snapshot.warnings.join('\n')).toMatch(/no transaction committed|a single session/);
      expect(await counts(snapshot, table, 3)).toEqual([3, 3, 3]);
    }
    await database.close();
  });

  test('keeps its tables from being altered, and lets others write', async () => {
    await using source = await openDatabase(product, ...made);
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database, { tables: [table] });
    const alter = ['SET SESSION lock_wait_timeout = 1', 'ALTER TABLE t ADD COLUMN late int'];
    await expect(source.sql(...alter)).rejects.toMatchObject({ errno: 1205 });
    await source.sql('INSERT INTO t VALUES (4)');
    expect((await exported(snapshot, table)).rows).toBe(3);
  });

  test('names the tables that are not in it', async () => {
    await using source = await openDatabase(
      product,
      ...made,
      'CREATE TABLE outside (id int PRIMARY KEY) ENGINE=MyISAM',
    );
    const tables = [await source.table('t'), await source.table('outside')];
    await using snapshot = await openSnapshot(source.database, { tables });
    expect(snapshot.warnings).toEqual([
      'public.outside is a table of engine MyISAM, which has no snapshots: its rows are copied as they are when they are read',
    ]);
  });

  test('goes on with the sessions that are left, and is lost with the last', async () => {
    await using source = await openDatabase(product, ...made);
    const table = await source.table('t');
    await using snapshot = await openSnapshot(source.database, { maxConnections: 2 });
    const sessions = await ask<{ id: number }>(
      source.url,
      'SELECT id FROM information_schema.processlist WHERE db = database() AND id <> connection_id()',
    );
    await Promise.allSettled(sessions.map(({ id }) => runStatements(source.url, [`KILL ${id}`])));
    await expect(exported(snapshot, table)).rejects.toMatchObject({ code: 'TSM2007', kind: 'retry' });
    await expect(exported(snapshot, table)).rejects.toMatchObject({ code: 'TSM2009', kind: 'operator' });
    await expect(exported(snapshot, table)).rejects.toMatchObject({ code: 'TSM2009' });
  });
});

test('a source that never rests is read by one session, and its cursor lies before the snapshot', async () => {
  await using source = await openDatabase('mysql', ...made);
  const table = await source.table('t');
  const database = await asUser(source, 'SELECT');
  const client = await mysqlDialect.connect(source.url);
  // A transaction that owns a GTID for as long as it is open: no moment is quiet.
  await client.query(`SET gtid_next = 'aaaaaaaa-0000-4000-8000-000000000001:1'`);
  await client.query('BEGIN');
  await client.query('INSERT INTO t VALUES (9)');
  {
    await using snapshot = await openSnapshot(database, { wantCursor: true, maxConnections: 3 });
    await client.query('ROLLBACK');
    await client.end();
    await source.sql('DELETE FROM t');
    expect(snapshot.warnings.join('\n')).toContain('that of a single session');
    expect(snapshot.warnings.join('\n')).toContain('cdc_cursor was read just before the snapshot');
    expect(snapshot.identity).toBe('');
    expect(await counts(snapshot, table, 3)).toEqual([3, 3, 3]);
  }
  await database.close();
});

test('a snapshot continues another one while nothing was committed, and needs a GTID set for a cursor', async () => {
  await using server = await startMysql({ own: true });
  await runStatements(server.url, made);
  const database = await openMysql(parsed(server.url), openOptions);
  const tables = [await tableOf(database, 't')];
  const identity = async (resume?: string): Promise<readonly [string, boolean]> => {
    await using snapshot = await openSnapshot(database, {
      tables,
      ...(resume === undefined ? {} : { resume }),
    });
    return [snapshot.identity, snapshot.continues];
  };
  const [first, fresh] = await identity();
  expect(fresh).toBe(false);
  expect(await identity(first)).toEqual([first, true]);
  expect((await identity('another/server:1'))[1]).toBe(false);
  await runStatements(server.url, ['INSERT INTO t VALUES (4)']);
  expect((await identity(first))[1]).toBe(false);

  await runStatements(server.url, ['RESET BINARY LOGS AND GTIDS']);
  const wanted = openSnapshot(database, { tables, wantCursor: true });
  await expect(wanted).rejects.toMatchObject({
    code: 'TSM5002',
    message: expect.stringContaining('empty GTID set'),
  });
  expect(await identity('')).toEqual(['', false]);

  await runStatements(server.url, ['SET GLOBAL gtid_mode = ON_PERMISSIVE']);
  await expect(openSnapshot(database, { tables, wantCursor: true })).rejects.toMatchObject({
    code: 'TSM5002',
    advice: expect.stringContaining('--ignore-replication-check'),
  });
  expect(await identity()).toEqual(['', false]);
  await database.close();
});
