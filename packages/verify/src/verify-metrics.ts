import { Counter, displayName, Gauge, Registry } from '@tsmolt/core';
import type { TableName } from '@tsmolt/core';
import type { RowCounts } from './report.js';

const outcomes = [
  'success', 'conditionalSuccess', 'missing', 'mismatch', 'extraneous', 'liveRetry', 'stillChanging',
] as const; // prettier-ignore

/** What a verification is doing, for Prometheus. */
export class VerifyMetrics {
  readonly registry = new Registry();
  readonly #tables = new Gauge({
    name: 'molt_verify_num_tables',
    help: 'Number of tables that are compared.',
    registers: [this.registry],
  });
  readonly #rows = new Counter({
    name: 'molt_verify_rows',
    help: 'Rows by what became of their comparison.',
    labelNames: ['table', 'outcome'],
    registers: [this.registry],
  });

  tables(count: number): void {
    this.#tables.set(count);
  }

  rows(table: TableName, counts: RowCounts): void {
    const name = displayName(table);
    for (const outcome of outcomes) {
      if (counts[outcome] > 0) this.#rows.inc({ table: name, outcome }, counts[outcome]);
    }
  }
}
