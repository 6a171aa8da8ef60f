import type { RowRepairer } from '@tsmolt/core';
import type { JudgedRow } from '../judged-row.js';
import type { Comparison } from '../plan-comparison.js';
import type { Unrepairable } from '../report.js';
import { repairOf } from './repair-of.js';
import type { RepairEntry, RepairSpool } from './repair-spool.js';
import { whyNoneIn, whyNot } from './unrepairable.js';

const kinds = { missing: 'insert', mismatch: 'update', extraneous: 'delete' } as const;

/** Takes the rows that differ, and keeps the statements that repair them. */
export class RepairSink {
  readonly #repairer: RowRepairer;
  readonly #spool: RepairSpool;
  readonly #comparisons: readonly Comparison[];
  readonly #unrepairable = new Map<string, Unrepairable>();

  constructor(repairer: RowRepairer, spool: RepairSpool, comparisons: readonly Comparison[]) {
    this.#repairer = repairer;
    this.#spool = spool;
    this.#comparisons = comparisons;
  }

  async take(comparison: Comparison, rows: readonly JudgedRow[]): Promise<void> {
    const entries: Record<'insert' | 'update' | 'delete', RepairEntry[]> = {
      insert: [],
      update: [],
      delete: [],
    };
    const never = whyNoneIn(comparison);
    for (const row of rows) {
      const reason = never ?? whyNot(row, comparison);
      if (reason !== undefined || row.kind === 'still changing') {
        this.#leave(comparison, reason ?? '');
        continue;
      }
      const statement = this.#repairer.statement(repairOf(comparison, row));
      entries[kinds[row.kind]].push({ statement, key: row.key, targetKey: row.targetKey });
    }
    const table = this.#comparisons.indexOf(comparison);
    for (const kind of ['insert', 'update', 'delete'] as const) {
      await this.#spool.add({ table, kind }, entries[kind]);
    }
  }

  get unrepairable(): readonly Unrepairable[] {
    return [...this.#unrepairable.values()];
  }

  #leave({ pair }: Comparison, reason: string): void {
    const { name } = pair.source;
    const id = JSON.stringify([name, reason]);
    const rows = (this.#unrepairable.get(id)?.rows ?? 0) + 1;
    this.#unrepairable.set(id, { table: name, rows, reason });
  }
}
