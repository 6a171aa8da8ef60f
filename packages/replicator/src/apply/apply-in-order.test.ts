import { describe, expect, test } from 'vitest';
import { TsmoltError, valuesOf } from '@tsmolt/core';
import type {
  ApplyTransaction,
  ChangedTable,
  ChangeValue,
  Column,
  Mutation,
  RowBatch,
  Table,
} from '@tsmolt/core';
import { applyInOrder } from './apply-in-order.js';
import { tableOrder } from '../route/table-order.js';
import { TargetTables } from '../route/target-tables.js';

function column(name: string, kind: 'integer' | 'string'): Column {
  return {
    name,
    type: kind === 'integer' ? { kind, bits: 64 } : { kind },
    nativeType: kind,
    nullable: true,
    generated: false,
    identity: 'never',
    hasDefault: false,
  };
}

function seats(...more: Column[]): Table {
  return {
    name: { schema: 'public', table: 'seats' },
    columns: [column('id', 'integer'), column('code', 'string'), ...more],
    primaryKey: { name: 'seats_pkey', columns: ['id'] },
    uniqueKeys: [{ name: 'seats_code', columns: ['code'] }],
    foreignKeys: [],
    checks: [],
    indexedColumns: ['id'],
    partitioned: false,
    readable: true,
    estimate: { rows: 0, bytes: 0 },
  };
}

const shape: ChangedTable = {
  name: { schema: 'public', table: 'seats' },
  columns: ['id', 'code'],
  key: [0],
};

const upsert = (id: string, code: string, oldKey?: string): Mutation => ({
  kind: 'upsert',
  table: shape,
  values: [id, code],
  ...(oldKey === undefined ? {} : { oldKey: [oldKey] }),
});
const remove = (id: string): Mutation => ({ kind: 'delete', table: shape, values: [id, undefined] });

/** A target whose `code` is unique, and checked with each row. */
class UniqueCodes implements ApplyTransaction {
  rows: Map<string, string>;

  constructor(rows: Readonly<Record<string, string>>) {
    this.rows = new Map(Object.entries(rows));
  }

  async upsert({ columns, rows }: RowBatch): Promise<number> {
    for (const row of rows)
      this.#put(textAt(valuesOf(row), columns.indexOf('id')), textAt(valuesOf(row), columns.indexOf('code')));
    return rows.length;
  }

  async update({ columns, rows }: RowBatch): Promise<number> {
    const there = rows.filter((row) => this.rows.has(textAt(valuesOf(row), columns.indexOf('id'))));
    for (const row of there)
      this.#put(textAt(valuesOf(row), columns.indexOf('id')), textAt(valuesOf(row), columns.indexOf('code')));
    return there.length;
  }

  async rekey({ columns, rows: [row = []] }: RowBatch, oldKey: readonly ChangeValue[]): Promise<number> {
    if (!this.rows.delete(textAt(oldKey, 0))) return 0;
    this.#put(textAt(valuesOf(row), columns.indexOf('id')), textAt(valuesOf(row), columns.indexOf('code')));
    return 1;
  }

  async delete({ rows }: RowBatch): Promise<number> {
    return rows.filter((row) => this.rows.delete(textAt(valuesOf(row), 0))).length;
  }

  async truncate(): Promise<void> {
    this.rows.clear();
  }

  async attempt<Result>(work: () => Promise<Result>): Promise<Result> {
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

  #put(id: string, code: string): void {
    for (const [other, taken] of this.rows) {
      if (taken === code && other !== id)
        throw new TsmoltError('TSM4011', { message: `${code} is taken`, advice: '' });
    }
    this.rows.set(id, code);
  }
}

function textAt(row: readonly ChangeValue[], index: number): string {
  return row[index] ?? '';
}

async function applied(table: Table, rows: Readonly<Record<string, string>>, changes: readonly Mutation[]) {
  const tables = new TargetTables([table]);
  const transaction = new UniqueCodes(rows);
  const events = changes.map((change) => tables.routed(change));
  const context = { order: tableOrder([table]), tables, script: undefined, trusting: false, combine: true };
  const { refused } = await applyInOrder(transaction, { events }, context);
  return { rows: Object.fromEntries(transaction.rows), refused: refused.length };
}

describe('a value of a unique key that two rows exchange', () => {
  test('at once', async () => {
    expect(await applied(seats(), { 1: 'a', 2: 'b' }, [upsert('1', 'b'), upsert('2', 'a')])).toEqual({
      rows: { 1: 'b', 2: 'a' },
      refused: 0,
    });
  });

  test('and a row that gives its key and its value to a new one behind it', async () => {
    const changes = [
      ...[upsert('1', 'b'), upsert('2', 'a')],
      ...[upsert('1', 'gone'), upsert('9', 'gone', '1'), upsert('1', 'b'), remove('9')],
    ];
    expect(await applied(seats(), { 1: 'a', 2: 'b' }, changes)).toEqual({
      rows: { 1: 'b', 2: 'a' },
      refused: 0,
    });
  });

  test('waits where a column of the target would lose its value', async () => {
    const changes = [upsert('1', 'b'), upsert('2', 'a')];
    expect(await applied(seats(column('own', 'string')), { 1: 'a', 2: 'b' }, changes)).toEqual({
      rows: { 1: 'a', 2: 'b' },
      refused: 2,
    });
  });
});
