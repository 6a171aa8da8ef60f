import type { ApplyTransaction, RowBatch } from '@tsmolt/core';
import { nameFilter } from '@tsmolt/core';
import { runSql } from '@tsmolt/testkit';
import { applyTargetContract } from '@tsmolt/testkit/contracts';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openStandIn } from './open-stand-in.js';
import type { OpenedStandIn } from './open-stand-in.js';

applyTargetContract('CockroachDB (stand-in)', openStandIn, { identity: 'refused', values: [] });

describe('CockroachDB (stand-in) that restarts transactions', () => {
  let opened: OpenedStandIn;
  let batch: RowBatch;

  beforeAll(async () => {
    opened = await openStandIn();
    await runSql(opened.url, 'CREATE TABLE t (id INT8 PRIMARY KEY, v TEXT)');
  });
  afterAll(() => opened.close());
  beforeEach(async () => {
    opened.standIn.faults.clear();
    await runSql(opened.url, 'DELETE FROM t');
    const [table] = await opened.database.catalog.tables(nameFilter({ table: '^t$' }));
    if (table === undefined) throw new Error('no table');
    batch = { table, columns: ['id', 'v'], key: ['id'], rows: [['1', 'a']] };
  });

  const apply = (work: (transaction: ApplyTransaction) => Promise<unknown>): Promise<unknown> | undefined =>
    opened.database.applyTarget?.transaction(work, {
      signal: new AbortController().signal,
      timeoutMs: 30_000,
    });
  const write = (): Promise<unknown> | undefined => apply((transaction) => transaction.upsert(batch));
  const rows = (): Promise<unknown[]> => runSql(opened.url, 'SELECT v FROM t');

  test('a whole row is written with UPSERT, some of its columns with ON CONFLICT', async () => {
    await write();
    await apply((transaction) => transaction.update(batch));
    await apply((transaction) => transaction.upsert({ ...batch, columns: ['id'], rows: [['2']] }));
    const sent = opened.standIn.statements();
    expect(sent.filter((sql) => sql.startsWith('UPSERT INTO'))).toHaveLength(1);
    expect(sent.filter((sql) => sql.includes('ON CONFLICT ("id") DO NOTHING'))).toHaveLength(1);
  });

  test.each(['statement', 'commit'] as const)(
    'a conflict at %s is to be tried again, and left nothing',
    async (at) => {
      const match = at === 'commit' ? /^COMMIT/ : /^UPSERT/;
      opened.standIn.faults.failNext({ match, at, sqlstate: '40001' });
      await expect(write()).rejects.toMatchObject({ code: 'TSM4003', kind: 'retry' });
      expect(await rows()).toEqual([]);
      await write();
      expect(await rows()).toEqual([{ v: 'a' }]);
    },
  );

  test('a conflict within an attempt ends the whole transaction', async () => {
    opened.standIn.faults.failNext({ match: /^UPSERT/, sqlstate: '40001' });
    const swallowed = apply((transaction) =>
      transaction.attempt(() => transaction.upsert(batch)).catch(() => undefined),
    );
    await expect(swallowed).rejects.toMatchObject({ code: 'TSM4003' });
    expect(await rows()).toEqual([]);
  });

  test.each([
    { what: 'an ambiguous answer', fault: { sqlstate: '40003', outcome: 'kept' } },
    { what: 'no answer, and a commit', fault: { disconnect: true, outcome: 'kept' } },
    { what: 'no answer, and none', fault: { disconnect: true, outcome: 'undone' } },
  ] as const)('$what to COMMIT leaves its outcome unknown', async ({ fault }) => {
    opened.standIn.faults.failNext({ match: /^COMMIT/, at: 'commit', ...fault });
    await expect(write()).rejects.toMatchObject({ code: 'TSM4007' });
    await write();
    expect(await rows()).toEqual([{ v: 'a' }]);
  });

  test('a statement whose answer is lost is to be tried again', async () => {
    opened.standIn.faults.failNext({ match: /^UPSERT/, disconnect: true, outcome: 'kept' });
    await expect(write()).rejects.toMatchObject({ kind: 'retry' });
    expect(await rows()).toEqual([]);
  });
});
