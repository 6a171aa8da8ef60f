import { once } from 'node:events';
import { ConnectionUrl } from '@tsmolt/core';
import type { ApplyTarget, ApplyTransaction, StagingOptions, StagingStore } from '@tsmolt/core';
import { identify, openStaging, PgwireApplyTarget, PgwireDeadLetters } from '@tsmolt/pgwire';
import type { ApplyDialect, StagingSessions } from '@tsmolt/pgwire';
import { createDatabase, runSql, sharedServer, startTcpProxy } from '@tsmolt/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
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
  copiesFreshRows: () => true,
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
    const parked = letters.park({ ...change, sequence: '1' });
    await expect(parked).rejects.toMatchObject({
      code: 'TSM3001',
      advice: expect.stringContaining('CREATE TABLE IF NOT EXISTS "public"."dlq"') as string,
    });
    await runSql(fixture.url(), 'DROP TABLE _replicator.spilled_transactions');
    await expect(open(modest.href, { hasUnloggedTables: true }, { create: false })).rejects.toMatchObject({
      code: 'TSM3001',
      message: expect.stringContaining('spilled_transactions') as string,
      advice: expect.stringContaining(
        'CREATE UNLOGGED TABLE IF NOT EXISTS "_replicator"."spilled_transactions" ("stream" TEXT NOT NULL',
      ) as string,
    });
    for (const one of opened.splice(0)) await one.close();
    await runSql(fixture.url(), 'DROP OWNED BY modest', 'DROP ROLE modest');
  });
});

const change = {
  table: { schema: 'public', table: 't' },
  key: '[]',
  kind: 'delete',
  after: {},
  position: '',
  committedAt: 0,
  attempts: 0,
  reason: '',
} as const;

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

  test('fences what has no checkpoint: rows of the target, and changes that are staged', async () => {
    const store = await open(fixture.url());
    const fenced = async (work: (within: ApplyTransaction) => Promise<void>): Promise<void> =>
      (await target()).transaction(
        async (transaction) => {
          await work(transaction);
          await store.fence(transaction);
        },
        { signal: new AbortController().signal, timeoutMs: 0 },
      );
    await runSql(fixture.url(), 'CREATE TABLE fenced (id int)');
    const insert = (within: ApplyTransaction): Promise<void> =>
      within.query('INSERT INTO fenced VALUES (1)', []).then(() => undefined);
    await fenced(insert);
    await store.acquireLease('l');
    await fenced(insert);
    await store.fence();
    await runSql(fixture.url(), 'UPDATE _replicator.leases SET nonce = gen_random_uuid()');
    await expect(fenced(insert)).rejects.toMatchObject({ code: 'TSM7003' });
    await expect(store.fence()).rejects.toMatchObject({ code: 'TSM7003' });
    await expect(store.stage([change])).rejects.toMatchObject({ code: 'TSM7003' });
    expect(await store.waiting(1)).toEqual([]);
    expect(await runSql(fixture.url(), 'SELECT id FROM fenced')).toHaveLength(2);
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases', 'DROP TABLE fenced');
  });

  test('has whoever takes it over wait for a transaction that is fenced', async () => {
    const [store, other] = [await open(fixture.url()), await open(fixture.url())];
    await store.acquireLease('l');
    await runSql(fixture.url(), `UPDATE _replicator.leases SET expires = expires - INTERVAL '1 hour'`);
    const order: string[] = [];
    let taken: Promise<unknown> | undefined;
    await (
      await target()
    ).transaction(
      async (transaction) => {
        await store.fence(transaction);
        taken = other.acquireLease('l').then(() => order.push('taken'));
        const waits = `SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'INSERT INTO%leases%'`;
        await expect.poll(() => runSql(fixture.url(), waits)).toHaveLength(1);
        order.push('about to commit');
      },
      { signal: new AbortController().signal, timeoutMs: 0 },
    );
    await taken;
    expect(order).toEqual(['about to commit', 'taken']);
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
  });

  test('that this process knows to have run out fences too, whatever the server says', async () => {
    const store = await open(fixture.url());
    const lease = await store.acquireLease('l');
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 9000);
    await expect(store.fence()).rejects.toMatchObject({ kind: 'retry', code: 'TSM2007' });
    now.mockRestore();
    expect(lease?.lost.aborted).toBe(true);
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
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

  test('that ran out here and not there yet is had again at once by the same process, under another nonce', async () => {
    const store = await open(fixture.url());
    await store.acquireLease('l');
    const nonces = `SELECT nonce FROM _replicator.leases WHERE name = 'l'`;
    const [first] = await runSql(fixture.url(), nonces);
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + 9000);
    await expect(store.fence()).rejects.toThrow(
      'the lease of l ran out: this process, or its machine, stood still',
    );
    now.mockRestore();
    expect(await store.acquireLease('l')).toBeDefined();
    await store.saveMemo('l', 'had again');
    expect(await runSql(fixture.url(), nonces)).not.toEqual([first]);
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
  });

  test('is not renewed by a process that has stood still until it had run out', async () => {
    const store = await open(fixture.url(), { leaseMs });
    const lease = await store.acquireLease('l');
    const lost = once(lease?.lost as AbortSignal, 'abort');
    const before = await expires();
    const now = vi.spyOn(performance, 'now').mockReturnValue(performance.now() + leaseMs);
    await lost;
    now.mockRestore();
    expect(lease?.lost.reason).toMatchObject({ kind: 'retry', message: expect.stringContaining('stood still') as string }); // prettier-ignore
    expect(await expires()).toEqual(before);
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
    expect(lease?.lost.reason).toMatchObject({ message: expect.stringContaining('did not answer in time') as string }); // prettier-ignore
    await runSql(fixture.url(), 'DELETE FROM _replicator.leases');
  });
});
