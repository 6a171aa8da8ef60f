import type { ApplyTransaction, StagedMutation, StagingStore } from '@tsmolt/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

/** What every `StagingStore` promises that lies in the target. */
export function stagingStoreContract(name: string, open: OpenContractDatabase): void {
  describe(`${name} as StagingStore`, () => {
    const contract = useContractDatabase(open);
    const opened: StagingStore[] = [];
    let store: StagingStore | undefined;
    const openStore = async (schema = contract.schema(), create = false): Promise<StagingStore> => {
      const { openStaging, applyTarget } = contract.database();
      const made = await offered(openStaging)({ schema, create, target: offered(applyTarget) });
      opened.push(made);
      return made;
    };
    beforeEach(async () => {
      store = await openStore();
    });
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });
    const fixture: StagingFixture = {
      ...contract,
      openStore,
      store: () => offered(store),
      apply: (work) =>
        offered(contract.database().applyTarget).transaction(work, {
          signal: new AbortController().signal,
          timeoutMs: 30_000,
        }),
    };
    describe('the schema', () => {
      schemas(fixture);
      existingSchemas(fixture);
    });
    describe('memos', () => {
      memos(fixture);
    });
    describe('changes that wait', () => {
      waitingChanges(fixture);
      finishedChanges(fixture);
    });
    describe('transactions of the target', () => {
      sharedTransactions(fixture);
    });
    describe('leases', () => {
      leases(fixture);
    });
  });
}

interface StagingFixture extends ContractFixture {
  /** A store as another process would have it. */
  readonly openStore: (schema?: string, create?: boolean) => Promise<StagingStore>;
  readonly store: () => StagingStore;
  readonly apply: <Result>(work: (transaction: ApplyTransaction) => Promise<Result>) => Promise<Result>;
}

type Unstaged = Omit<StagedMutation, 'sequence'>;

/** A change of a row of a table. */
function change(id: string, more: Partial<Unstaged> = {}): Unstaged {
  return {
    table: { schema: 'public', table: 'orders' },
    key: JSON.stringify([id]),
    kind: 'upsert',
    after: { id, note: null },
    position: '0/16B3748',
    committedAt: 1_700_000_000_123.5,
    attempts: 0,
    reason: 'its parent is missing',
    ...more,
  };
}

function schemas({ schema, openStore, store }: StagingFixture): void {
  test('is created where that is asked for, and found again', async () => {
    const name = `${schema()} "new"`;
    await expect(openStore(`"${name.replaceAll('"', '""')}"`)).rejects.toMatchObject({
      code: 'TSM7004',
      advice: expect.stringContaining('--stagingCreateSchema') as string,
    });
    const first = await openStore(`"${name.replaceAll('"', '""')}"`, true);
    await first.saveMemo('k', 'v');
    const second = await openStore(`"${name.replaceAll('"', '""')}"`);
    expect(await second.loadMemo('k')).toBe('v');
  });

  test('may be opened by several at the same time', async () => {
    const name = `${schema()}_together`;
    const stores = await Promise.all([1, 2, 3].map(() => openStore(name, true)));
    await Promise.all(stores.map((one) => one.stage([change('1')])));
    expect(await store().waiting(10)).toEqual([]);
    expect(await stores[0]?.waiting(10)).toHaveLength(3);
  });
}

function existingSchemas({ sql, schema, openStore, store }: StagingFixture): void {
  test('is made of one that the reference tool has left', async () => {
    const name = `${schema()}_old`;
    const [database] = await sql<{ name: string }>('SELECT current_database() AS name');
    const table = `${name}."${database?.name}_public_orders"`;
    await sql(
      `CREATE SCHEMA ${name}`,
      `CREATE TABLE ${name}.memo (key TEXT NOT NULL PRIMARY KEY, value BYTEA NOT NULL)`,
      `CREATE TABLE ${name}.leases (name TEXT PRIMARY KEY, expires TIMESTAMP NOT NULL, nonce UUID NOT NULL)`,
      `CREATE TABLE ${table} (nanos INT8 NOT NULL, logical INT8 NOT NULL, key TEXT NOT NULL, mut BYTEA NOT NULL,
        applied BOOL NOT NULL DEFAULT false, PRIMARY KEY (nanos, logical, key))`,
      `INSERT INTO ${name}.memo VALUES ('cdc', convert_to('0/1', 'UTF8'))`,
      `INSERT INTO ${table} VALUES (1, 0, '[1]', convert_to('{}', 'UTF8'), false)`,
    );
    const old = await openStore(name);
    expect(await old.loadMemo('cdc')).toBe('0/1');
    expect(await old.waiting(10)).toEqual([]);
    await expect(old.stage([change('1')])).rejects.toMatchObject({ code: 'TSM7004' });
    await sql(`UPDATE ${table} SET applied = true`);
    await old.stage([change('1')]);
    expect(await old.waiting(10)).toMatchObject([change('1')]);
    expect(await old.acquireLease('one')).toBeDefined();
  });

  test('has the tables and columns that are documented', async () => {
    const table = { schema: 'Sales', table: 'Orders' };
    await store().stage([change('7', { table, kind: 'delete' })]);
    const [database] = await sql<{ name: string }>('SELECT current_database() AS name');
    expect(
      await sql(
        `SELECT nanos, key, convert_from(mut, 'UTF8') AS mut, before, applied, applied_at, deletion
          FROM "${database?.name}_sales_orders"`,
      ),
    ).toEqual([
      {
        nanos: '1700000000123500000',
        key: '["7"]',
        mut: '{"id":"7","note":null}',
        before: null,
        applied: false,
        applied_at: null,
        deletion: true,
      },
    ]);
  });
}

function memos({ store }: StagingFixture): void {
  test('are found under their keys, the last value of each', async () => {
    expect(await store().loadMemo('a')).toBeUndefined();
    await store().saveMemo('a', '1');
    await store().saveMemo('a', `it's "2" \u{1F600}`);
    await store().saveMemo('', '');
    expect(await store().memos()).toEqual(
      new Map([
        ['a', `it's "2" \u{1F600}`],
        ['', ''],
      ]),
    );
    expect(await store().loadMemo('')).toBe('');
  });
}

/** The rows that wait, by their ids. */
async function waitingIds(store: StagingStore, limit: number, after?: string): Promise<unknown[]> {
  return (await store.waiting(limit, after)).map(({ after: { id } }) => id);
}

function waitingChanges({ store, openStore }: StagingFixture): void {
  test('come back as they were', async () => {
    const all = [
      change('1', { after: { id: '1', note: `\0 \\ "it's" {} \u{1F600}` }, before: { id: '1', note: '' } }),
      change('2', { kind: 'update', oldKey: { id: '0' }, attempts: 3, committedAt: 5, position: '' }),
      change('3', { kind: 'delete', table: { schema: 'S "x"', table: 'é' }, after: {}, reason: 'é' }),
      change('4', { table: { schema: 'public', table: 'x'.repeat(120) }, key: 'y'.repeat(5000) }),
      change('5', { after: { big: 'z'.repeat(5_000_000) } }),
    ];
    await store().stage(all);
    const found = await store().waiting(10);
    expect(found.map(({ sequence: _sequence, ...rest }) => rest)).toEqual(all);
  });

  test('come in the order in which they were staged, those of all tables and processes', async () => {
    const other = await openStore();
    const lines = { table: { schema: 'public', table: 'lines' } };
    await store().stage([change('1'), change('2', lines), change('3')]);
    await other.stage([change('4', lines), change('5')]);
    await store().stage([change('6', lines)]);
    expect(await waitingIds(store(), 10)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(await waitingIds(store(), 2)).toEqual(['1', '2']);
    const [, second] = await store().waiting(2);
    expect(await waitingIds(store(), 3, second?.sequence)).toEqual(['3', '4', '5']);
  });

  test('are as many as there are', async () => {
    const many = Array.from({ length: 12_000 }, (_, id) => change(String(id)));
    await store().stage([]);
    await store().stage(many);
    const found = await store().waiting(20_000);
    expect(found.map(({ key }) => key)).toEqual(many.map(({ key }) => key));
    await store().markApplied(found.slice(1));
    expect(await waitingIds(store(), 10)).toEqual(['0']);
    expect(await store().retire(0)).toBe(11_999);
  });
}

function finishedChanges({ store, openStore, sql }: StagingFixture): void {
  test('wait no longer when they are applied, and are forgotten later', async () => {
    await store().stage([change('1'), change('2')]);
    await store().markApplied((await store().waiting(10)).slice(0, 1));
    expect(await waitingIds(store(), 10)).toEqual(['2']);
    expect(await store().retire(3_600_000)).toBe(0);
    expect(await store().retire(0)).toBe(1);
    expect(await store().retire(0)).toBe(0);
    expect(await waitingIds(store(), 10)).toEqual(['2']);
  });

  test('count their attempts', async () => {
    await store().stage([change('1')]);
    const [staged] = await store().waiting(1);
    await store().markFailed(staged as StagedMutation, 'refused again');
    expect(await store().waiting(1)).toMatchObject([{ attempts: 1, reason: 'refused again' }]);
  });

  test('are counted by table', async () => {
    const lines = { schema: 'public', table: 'Lines' };
    await store().stage([
      change('1', { committedAt: 300 }),
      change('2', { committedAt: 200 }),
      change('3', { table: lines, committedAt: 100 }),
    ]);
    const backlog = await store().backlog();
    expect(backlog.toSorted((left, right) => left.oldest - right.oldest)).toEqual([
      { table: lines, waiting: 1, oldest: 100 },
      { table: { schema: 'public', table: 'orders' }, waiting: 2, oldest: 200 },
    ]);
  });

  test('survive the process that staged them', async () => {
    await store().stage([change('1')]);
    await sql(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()`,
    );
    const next = await openStore();
    expect(await next.waiting(1)).toHaveLength(1);
    expect(await waitingIds(store(), 1)).toEqual(['1']);
  });
}

function sharedTransactions({ store, apply, sql }: StagingFixture): void {
  test('take what is staged and the checkpoint with them, or leave both out', async () => {
    expect(store().sharesTransactions).toBe(true);
    await store().stage([change('1')]);
    const [waiting] = await store().waiting(1);
    const work = async (transaction: ApplyTransaction): Promise<void> => {
      await store().stage(
        [change('2'), change('3', { table: { schema: 'public', table: 'new' } })],
        transaction,
      );
      await store().markApplied([waiting as StagedMutation], transaction);
      await store().saveMemo('checkpoint', '7', transaction);
    };
    const failed = apply(async (transaction) => {
      await work(transaction);
      throw new Error('enough');
    });
    await expect(failed).rejects.toThrow('enough');
    expect(await store().waiting(10)).toEqual([waiting]);
    expect(await store().loadMemo('checkpoint')).toBeUndefined();
    await apply(work);
    expect((await store().waiting(10)).map(({ key }) => key)).toEqual(['["2"]', '["3"]']);
    expect(await store().loadMemo('checkpoint')).toBe('7');
  });

  test('that are killed leave neither', async () => {
    const killed = apply(async (transaction) => {
      await store().stage([change('1')], transaction);
      await store().saveMemo('checkpoint', '8', transaction);
      const [session] = await transaction.query('SELECT pg_backend_pid() AS pid', []);
      await sql(`SELECT pg_terminate_backend(${String(session?.['pid'])}, 10000)`);
    });
    await expect(killed).rejects.toMatchObject({ kind: 'operator', code: 'TSM4007' });
    expect(await store().waiting(10)).toEqual([]);
    expect(await store().loadMemo('checkpoint')).toBeUndefined();
  });

  test('leave no trace of the proof that they are shared', async () => {
    expect(await store().memos()).toEqual(new Map());
  });
}

function leases({ store, openStore, sql }: StagingFixture): void {
  test('are held by one process at a time', async () => {
    const other = await openStore();
    const held = await store().acquireLease('pglogical');
    expect(held?.lost.aborted).toBe(false);
    expect(await other.acquireLease('pglogical')).toBeUndefined();
    expect(await store().acquireLease('pglogical')).toBeUndefined();
    expect(await other.acquireLease('another')).toBeDefined();
    await held?.release();
    await held?.release();
    expect(await other.acquireLease('pglogical')).toBeDefined();
  });

  test('are free when they expire, and when their process ends in good order', async () => {
    const other = await openStore();
    await store().acquireLease('expiring');
    await sql(`UPDATE leases SET expires = expires - INTERVAL '1 hour'`);
    expect(await other.acquireLease('expiring')).toBeDefined();
    await other.close();
    expect(await store().acquireLease('expiring')).toBeDefined();
  });

  test('of which several ask for one at the same time go to one', async () => {
    const stores = await Promise.all([1, 2, 3].map(() => openStore()));
    const got = await Promise.all(stores.map((one) => one.acquireLease('wanted')));
    expect(got.filter((lease) => lease !== undefined)).toHaveLength(1);
  });
}
