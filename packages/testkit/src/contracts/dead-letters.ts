import type { ApplyTransaction, DeadLetters, StagedMutation } from '@tsmolt/core';
import { describe, expect, test } from 'vitest';
import { offered, useContractDatabase } from './contract-database.js';
import type { ContractFixture, OpenContractDatabase } from './contract-database.js';

/** What every `DeadLetters` promises. */
export function deadLettersContract(name: string, open: OpenContractDatabase): void {
  describe(`${name} as DeadLetters`, () => {
    const contract = useContractDatabase(open);
    const letters = (table = 'replicator_dlq'): DeadLetters =>
      offered(contract.database().deadLetters)({ schema: contract.schema(), table });
    const apply = <Result>(work: (transaction: ApplyTransaction) => Promise<Result>): Promise<Result> =>
      offered(contract.database().applyTarget).transaction(work, {
        signal: new AbortController().signal,
        timeoutMs: 30_000,
      });
    parkedChanges(contract, letters);
    otherTables(contract, letters);
    withTransactions(letters, apply);
  });
}

const mutation: StagedMutation = {
  sequence: '17',
  table: { schema: 'public', table: 'Orders' },
  key: '["1"]',
  kind: 'update',
  after: { id: '1', note: `\0 \\ "it's" {} \u{1F600}`, gone: null },
  before: { id: '0', note: '' },
  oldKey: { id: '0' },
  position: '0/16B3748',
  committedAt: 1_700_000_000_123.5,
  attempts: 8,
  reason: 'violates foreign key constraint "x"',
};
const { sequence: _sequence, ...letter } = mutation;

function parkedChanges({ sql }: ContractFixture, letters: () => DeadLetters): void {
  test('without a table there are none', async () => {
    expect(await letters().list(10)).toEqual([]);
    expect(await letters().find('5e5e5e5e-0000-4000-8000-000000000000')).toBeUndefined();
    await letters().remove('5e5e5e5e-0000-4000-8000-000000000000');
    expect(
      await sql(`SELECT table_name FROM information_schema.tables WHERE table_name = 'replicator_dlq'`),
    ).toEqual([]);
  });

  test('a parked change is kept whole until somebody takes it away', async () => {
    await letters().park(mutation);
    const { before: _before, oldKey: _oldKey, ...plain } = mutation;
    await letters().park({ ...plain, kind: 'delete', key: '["2"]' });
    const [first, second] = await letters().list(10);
    expect(first).toEqual({
      ...letter,
      id: expect.any(String) as string,
      parkedAt: expect.any(Date) as Date,
    });
    expect(second).not.toHaveProperty('before');
    expect(second).toMatchObject({ kind: 'delete', key: '["2"]' });
    expect(await letters().find(first?.id ?? '')).toEqual(first);
    expect(await letters().find('nothing')).toBeUndefined();
    expect(await letters().list(1)).toEqual([second]);
    await letters().remove(first?.id ?? '');
    expect(await letters().list(10)).toEqual([second]);
  });

  test('people read it as they are used to', async () => {
    await letters().park(mutation);
    expect(
      await sql(
        'SELECT dlq_name, source_nanos, source_logical, data_after, data_before, reason FROM replicator_dlq',
      ),
    ).toEqual([
      {
        dlq_name: 'public.Orders',
        source_nanos: '1700000000123500000',
        source_logical: '0',
        data_after: { id: '1', note: `\u2400 \\ "it's" {} \u{1F600}`, gone: null },
        data_before: { id: '0', note: '' },
        reason: mutation.reason,
      },
    ]);
  });
}

function otherTables({ sql }: ContractFixture, letters: (table?: string) => DeadLetters): void {
  test.each(['UUID DEFAULT gen_random_uuid() PRIMARY KEY', 'SERIAL PRIMARY KEY'])(
    'a table of the reference tool, whose event is %s, is used on',
    async (event) => {
      await sql(
        `CREATE TABLE "Odd dlq" (event ${event}, dlq_name TEXT NOT NULL, source_nanos INT8 NOT NULL,
          source_logical INT8 NOT NULL, data_after JSONB NOT NULL, data_before JSONB NOT NULL)`,
        `INSERT INTO "Odd dlq" (dlq_name, source_nanos, source_logical, data_after, data_before)
          VALUES ('old', 1, 0, '{}', '{}')`,
      );
      const { before: _before, ...plain } = mutation;
      expect(await letters('Odd dlq').list(10)).toEqual([]);
      await letters('Odd dlq').park(plain);
      const [found] = await letters('Odd dlq').list(10);
      expect(found).toMatchObject({ key: mutation.key, after: mutation.after });
      await letters('Odd dlq').remove(found?.id ?? '');
      expect(await sql('SELECT dlq_name FROM "Odd dlq"')).toEqual([{ dlq_name: 'old' }]);
    },
  );
}

function withTransactions(
  letters: () => DeadLetters,
  apply: <Result>(work: (transaction: ApplyTransaction) => Promise<Result>) => Promise<Result>,
): void {
  test('a change is parked, and taken away, with a transaction of the target', async () => {
    const failed = apply(async (transaction) => {
      await letters().park(mutation, transaction);
      throw new Error('enough');
    });
    await expect(failed).rejects.toThrow('enough');
    expect(await letters().list(10)).toEqual([]);
    await apply((transaction) => letters().park(mutation, transaction));
    const [parked] = await letters().list(10);
    const undone = apply(async (transaction) => {
      await letters().remove(parked?.id ?? '', transaction);
      throw new Error('enough');
    });
    await expect(undone).rejects.toThrow('enough');
    expect(await letters().list(10)).toEqual([parked]);
    await apply((transaction) => letters().remove(parked?.id ?? '', transaction));
    expect(await letters().list(10)).toEqual([]);
  });
}
