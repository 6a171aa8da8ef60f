import { displayName } from '@tsmolt/core';
import type { FoundRow } from '../found-row.js';
import type { Findings } from '../findings.js';
import { judge } from '../judge-rows.js';
import type { JudgedRow } from '../judged-row.js';
import type { Comparison } from '../plan-comparison.js';
import { keysAtATime, readRows } from '../read-rows.js';
import type { RangeWork, TableWork } from '../row-sets.js';
import { settleRows } from '../settle-rows.js';
import type { RepairPart, RepairSpool } from './repair-spool.js';

export interface LookAgain {
  readonly comparisons: readonly Comparison[];
  readonly spool: RepairSpool;
  readonly parts: readonly RepairPart[];
  readonly work: Omit<TableWork, 'comparison'>;
  /** New findings, without repairs. */
  readonly findingsOf: (comparison: Comparison) => Findings;
  readonly named: (table: string, findings: Findings) => void;
}

/** Reads the rows of all statements on both sides. @returns how many of them are not the same */
export async function lookAgainAtRepaired(look: LookAgain): Promise<number> {
  let remaining = 0;
  for (const part of look.parts) {
    const comparison = look.comparisons[part.table];
    if (comparison === undefined) continue;
    const findings = look.findingsOf(comparison);
    const work: RangeWork = { ...look.work, comparison, findings, range: {}, rows: 0 };
    for await (const entries of look.spool.groups(part, keysAtATime)) {
      await lookAt(
        work,
        entries.map(({ key, targetKey }) => ({ kind: 'mismatch', key, targetKey })),
      );
    }
    look.named(displayName(comparison.pair.source.name), findings);
    const { missing, mismatch, extraneous, stillChanging } = findings.counts();
    remaining += missing + mismatch + extraneous + stillChanging;
  }
  return remaining;
}

async function lookAt(work: RangeWork, rows: readonly FoundRow[]): Promise<void> {
  const target = await readRows(work, work.comparison.target, rows);
  const source = await readRows(work, work.comparison.source, rows);
  const different = rows.flatMap((row) => judge(work, row, { source, target }) ?? []);
  if (work.live === undefined) await work.findings.differ(different);
  else await settleRows(work, work.live, different.map(foundRow));
}

function foundRow({ kind, key, targetKey }: JudgedRow): FoundRow {
  return { kind: kind === 'still changing' ? 'mismatch' : kind, key, targetKey };
}
