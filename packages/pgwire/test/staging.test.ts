import { once } from 'node:events';
import { ConnectionUrl } from '@tsmolt/core';
import type { ApplyTarget, StagingOptions, StagingStore } from '@tsmolt/core';
import { identify, openStaging, PgwireApplyTarget, PgwireDeadLetters } from '@tsmolt/pgwire';
import type { ApplyDialect, StagingSessions } from '@tsmolt/pgwire';
import { createDatabase, runSql, sharedServer, startTcpProxy } from '@tsmolt/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { options, usePools } from './pools.js';

const fixture = usePools();
const opened: StagingStore[] = [];
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

const dialect: ApplyDialect = {
  writable: () => '',
  fromText: (expression) => expression,
  insertsIdentity: true,
  wholeRowVerb: 'INSERT',
  copiesFreshRows: true,
  truncate: () => [],
};

async function sessions(to: string, more: Partial<StagingSessions> = {}): Promise<StagingSessions> {
  const url = ConnectionUrl.parse(to, '--stagingConn');
  const { config } = await identify(url, options);
  const prepare = (): Promise<void> => Promise.resolve();
  return { url, config, database: url.database, prepare, reachesOtherDatabases: false, ...more };
}

async function target(): Promise<ApplyTarget> {
  const { url, config } = await sessions(fixture.url());
  return new PgwireApplyTarget({ pool: fixture.pool(), url, config, dialect });
}

async function open(
  to: string,
  more: Partial<StagingSessions> = {},
  staging: Partial<StagingOptions> = {},
): Promise<StagingStore> {
  const store = await openStaging(await sessions(to, more), {
    schema: '_replicator',
    create: true,
    target: await target(),
    ...staging,
  });
  opened.push(store);
  return store;
}

describe('where staging lies', () => {
  test('in another database than the target it takes no part in its transactions', async () => {
    const elsewhere = await createDatabase(await sharedServer('postgres18'));
    const store = await open(elsewhere.url);
    expect(store.sharesTransactions).toBe(false);
    const transaction = (await target()).transaction((within) => store.saveMemo('a', 'b', within), {
      signal: new AbortController().signal,
      timeoutMs: 0,
    });
    await expect(transaction).rejects.toThrow('takes no part');
    expect(await store.memos()).toEqual(new Map());
    for (const one of opened.splice(0)) await one.close();
    await elsewhere.drop();
  });

  test('in the same database it does, also under its full name', async () => {
    const { database } = ConnectionUrl.parse(fixture.url(), '--target');
    const store = await open(fixture.url(), {}, { schema: `${database}._full` });
    expect(store.sharesTransactions).toBe(true);
  });

  test('cannot be a database that the connection does not reach', async () => {
    await expect(open(fixture.url(), {}, { schema: '_replicator.public' })).rejects.toMatchObject({
      code: 'TSM1001',
      advice: expect.stringContaining('--stagingConn') as string,
    });
  });

  test('may have been made by somebody with more privileges', async () => {
    await open(fixture.url());
    await runSql(
      fixture.url(),
      `CREATE ROLE modest LOGIN PASSWORD 'modest'`,
      'GRANT USAGE ON SCHEMA _replicator TO modest',
      'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA _replicator TO modest',
      'GRANT USAGE ON ALL SEQUENCES IN SCHEMA _replicator TO modest',
    );
    const modest = new URL(fixture.url());
    modest.username = 'modest';
    modest.password = 'modest';
    const store = await open(modest.href, {}, { create: false });
    await store.saveMemo('a', 'b');
    expect(await store.loadMemo('a')).toBe('b');
    const letters = new PgwireDeadLetters(await fixture.poolOf(modest.href), {
      schema: 'public',
      table: 'dlq',
    });
    const parked = letters.park({
      sequence: '1',
      table: { schema: 'public', table: 't' },
      key: '[]',
      kind: 'delete',
      after: {},
      position: '',
      committedAt: 0,
      attempts: 0,
      reason: '',
    });
    await expect(parked).rejects.toMatchObject({
      code: 'TSM3001',
      advice: expect.stringContaining('CREATE TABLE IF NOT EXISTS "public"."dlq"') as string,
    });
    for (const one of opened.splice(0)) await one.close();
    await runSql(fixture.url(), 'DROP OWNED BY modest', 'DROP ROLE modest');
  });
});

describe('a lease', () => {
  /** Short enough to see it renewed. */
  const leaseMs = 1500;
  const expires = (): Promise<unknown[]> =>
    runSql(fixture.url(), `SELECT expires::text FROM _replicator.leases WHERE name = 'l'`);

  test('is renewed by itself', async () => {
    const store = await open(fixture.url(), { leaseMs });
    const lease = await store.acquireLease('l');
    const [first] = await expires();
    await expect.poll(expires).not.toEqual([first]);
    expect(lease?.lost.aborted).toBe(false);
    await lease?.release();
    expect(await expires()).toEqual([]);
  });

  test('is lost when somebody else has taken it', async () => {
    const store = await open(fixture.url(), { leaseMs });
    const lease = await store.acquireLease('l');
    const lost = once(lease?.lost as AbortSignal, 'abort');
    await runSql(fixture.url(), 'UPDATE _replicator.leases SET nonce = gen_random_uuid()');
    await lost;
    await lease?.release();
    expect(await expires()).toHaveLength(1);
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
  });

  test('keeps a process that has lost it from writing its checkpoint, and all that was to come with it', async () => {
    const store = await open(fixture.url());
    const within = { signal: new AbortController().signal, timeoutMs: 0 };
    const lease = await store.acquireLease('l');
    await runSql(fixture.url(), 'CREATE TABLE fenced (id int)');
    const write = async (id: number): Promise<void> =>
      (await target()).transaction(async (transaction) => {
        await transaction.query(`INSERT INTO fenced VALUES (${id})`, []);
        await store.saveMemo('l', `after ${id}`, transaction);
      }, within);
    await write(1);
    await runSql(fixture.url(), 'UPDATE _replicator.leases SET nonce = gen_random_uuid()');
    await expect(write(2)).rejects.toMatchObject({ code: 'TSM7003' });
    await expect(store.saveMemo('l', 'alone')).rejects.toMatchObject({ code: 'TSM7003' });
    const applied = (await target()).transaction((transaction) => store.markApplied([], transaction), within);
    await expect(applied).rejects.toMatchObject({ code: 'TSM7003' });
    expect(await runSql(fixture.url(), 'SELECT id FROM fenced')).toEqual([{ id: 1 }]);
    expect(await store.loadMemo('l')).toBe('after 1');
    await expect(store.acquireLease('l')).rejects.toMatchObject({ code: 'TSM7003' });
    await lease?.release();
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases', 'DROP TABLE fenced');
  });

  test('that ran out and that nobody has taken may be taken again by the same process', async () => {
    const store = await open(fixture.url());
    await store.acquireLease('l');
    expect(await store.acquireLease('l')).toBeUndefined();
    await runSql(fixture.url(), `UPDATE _replicator.leases SET expires = expires - INTERVAL '1 hour'`);
    expect(await store.acquireLease('l')).toBeDefined();
    await store.saveMemo('l', 'again');
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
  });

  test('is lost when the server is out of reach for too long', async () => {
    const proxy = await startTcpProxy(Number(new URL(fixture.url()).port));
    const through = new URL(fixture.url());
    through.port = String(proxy.port);
    const store = await open(through.href, { leaseMs });
    const lease = await store.acquireLease('l');
    const lost = once(lease?.lost as AbortSignal, 'abort');
    await proxy.close();
    await lost;
    expect(lease?.lost.aborted).toBe(true);
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
  });
});
