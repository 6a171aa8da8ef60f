import { describe, expect, test } from 'vitest';
import { TsmoltError, valuesOf } from '@tsmolt/core';
import type { ApplyTransaction, ChangedTable, Mutation, RowBatch, Table } from '@tsmolt/core';
import { applyDivided } from './apply-divided.js';
import type { RoutedEvent } from '../route/routed-transaction.js';
import { tableOrder } from '../route/table-order.js';
import { TargetTables } from '../route/target-tables.js';
import { BlockedRows } from './waiting-changes.js';

const [id, name] = (['id', 'name'] as const).map((column) => ({
  name: column,
  type: column === 'id' ? ({ kind: 'integer', bits: 64 } as const) : ({ kind: 'string' } as const),
  nativeType: 'text',
  nullable: true,
  generated: false,
  identity: 'never' as const,
  hasDefault: false,
}));

const people: Table = {
  name: { schema: 'public', table: 'people' },
  columns: [id, name].flatMap((column) => column ?? []),
  primaryKey: { name: 'people_pkey', columns: ['id'] },
  uniqueKeys: [],
  foreignKeys: [],
  checks: [],
  indexedColumns: ['id'],
  partitioned: false,
  readable: true,
  estimate: { rows: 0, bytes: 0 },
};

const shape: ChangedTable = { name: people.name, columns: ['id', 'name'], key: [0] };
const tables = new TargetTables([people]);

const put = (key: number, text: string): Mutation => ({
  kind: 'upsert',
  table: shape,
  values: [String(key), text],
});
const remove = (key: number): Mutation => ({
  kind: 'delete',
  table: shape,
  values: [String(key), undefined],
});
const emptied: RoutedEvent = { kind: 'truncate', tables: [people.name] };

/** A target that refuses rows named `bad`. */
class Picky implements ApplyTransaction {
  rows = new Map<string, string>();
  attempts = 0;

  async upsert({ rows }: RowBatch): Promise<number> {
    for (const [key, text] of rows.map(valuesOf)) {
      if (text === 'bad') throw new TsmoltError('TSM4011', { message: 'bad is not wanted', advice: '' });
      this.rows.set(key ?? '', text ?? '');
    }
    return rows.length;
  }

  update(): Promise<never> {
    throw new Error('all rows are whole');
  }

  rekey(): Promise<never> {
    return this.update();
  }

  async delete({ rows }: RowBatch): Promise<number> {
    return rows.map(valuesOf).filter(([key]) => this.rows.delete(key ?? '')).length;
  }

  async truncate(): Promise<void> {
    this.rows.clear();
  }

  async attempt<Result>(work: () => Promise<Result>): Promise<Result> {
    this.attempts += 1;
    const before = new Map(this.rows);
    try {
      return await work();
    } catch (thrown) {
      this.rows = before;
      throw thrown;
    }
  }

  query(): Promise<never> {
    throw new Error('no statement is needed');
  }

  queryRows(): Promise<never> {
    return this.query();
  }
}

/** Each list is a transaction of the source. */
async function applied(transactions: readonly (readonly (Mutation | typeof emptied)[])[]) {
  const target = new Picky();
  const routed = transactions.map((events, index) => ({
    events: events.map((event) => (event.kind === 'truncate' ? event : tables.routed(event as Mutation))),
    position: `0/${index + 1}`,
    committedAt: 0,
  }));
  const context = { order: tableOrder([people]), tables, script: undefined, trusting: false, combine: true };
  const { deferred } = await applyDivided(target, routed, { ...context, blocked: new BlockedRows() });
  return {
    rows: Object.fromEntries(target.rows),
    waiting: deferred.map(({ staged }) => `${staged.position} ${staged.kind} ${staged.key}`),
    attempts: target.attempts,
  };
}

const ordinary = (count: number): Mutation[][] => Array.from({ length: count }, (_, key) => [put(key, 'ok')]);

describe('of many transactions', () => {
  test('one that is refused waits, and the others are found in few attempts', async () => {
    const done = await applied(ordinary(1000).with(417, [put(417, 'bad')]));
    expect(Object.keys(done.rows)).toHaveLength(999);
    expect(done.waiting).toEqual(['0/418 upsert ["417"]']);
    expect(done.attempts).toBeLessThan(30);
  });

  test('all that are refused wait, in their order', async () => {
    const done = await applied([1, 2, 3, 4, 5].map((key) => [put(key, 'bad')]));
    expect(done.rows).toEqual({});
    expect(done.waiting).toEqual([1, 2, 3, 4, 5].map((key) => `0/${key} upsert ["${key}"]`));
  });

  test('later changes of a refused row wait behind it, and other rows of theirs do not', async () => {
    const done = await applied([
      [put(1, 'first')],
      [put(1, 'bad'), put(9, 'bad')],
      [put(2, 'ok'), put(1, 'later')],
      [put(3, 'ok')],
      [remove(1)],
      [put(4, 'ok')],
    ]);
    expect(done.rows).toEqual({ 1: 'first', 2: 'ok', 3: 'ok', 4: 'ok' });
    expect(done.waiting).toEqual([
      '0/2 upsert ["1"]',
      '0/2 upsert ["9"]',
      '0/3 upsert ["1"]',
      '0/5 delete ["1"]',
    ]);
  });

  test('what was refused before its table was emptied is gone with it, and what is refused after waits', async () => {
    const done = await applied([
      [put(1, 'ok')],
      [put(2, 'bad')],
      [put(3, 'ok')],
      [emptied],
      [put(4, 'ok')],
      [put(5, 'bad')],
      [put(6, 'ok')],
    ]);
    expect(done.rows).toEqual({ 4: 'ok', 6: 'ok' });
    expect(done.waiting).toEqual(['0/6 upsert ["5"]']);
  });
});
