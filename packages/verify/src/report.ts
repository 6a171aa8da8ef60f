import type { TableName } from '@tsmolt/core';
import type { SchemaDifference } from './constraint-differences.js';

/** MOLT's counters (manual, "MOLT Verify", usage), and `stillChanging`, which is ours. */
export interface RowCounts {
  /** Rows of the source. */
  readonly truthRows: number;
  readonly success: number;
  /** Rows that are equal in the columns that can be compared, where others cannot. */
  readonly conditionalSuccess: number;
  readonly missing: number;
  readonly mismatch: number;
  readonly extraneous: number;
  /** Rows that were read again because the databases are written to. */
  readonly liveRetry: number;
  /** Rows that the source changed whenever they were read: nobody can say whether they are equal. */
  readonly stillChanging: number;
  readonly columnMismatch: number;
}

export const noRows: RowCounts = {
  truthRows: 0,
  success: 0,
  conditionalSuccess: 0,
  missing: 0,
  mismatch: 0,
  extraneous: 0,
  liveRetry: 0,
  stillChanging: 0,
  columnMismatch: 0,
};

export function addCounts(left: RowCounts, right: RowCounts): RowCounts {
  const sum = (name: keyof RowCounts): number => left[name] + right[name];
  return {
    truthRows: sum('truthRows'),
    success: sum('success'),
    conditionalSuccess: sum('conditionalSuccess'),
    missing: sum('missing'),
    mismatch: sum('mismatch'),
    extraneous: sum('extraneous'),
    liveRetry: sum('liveRetry'),
    stillChanging: sum('stillChanging'),
    columnMismatch: sum('columnMismatch'),
  };
}

export type DifferenceKind = 'missing' | 'mismatch' | 'extraneous';

/** A row that is not the same on both sides, or of which that could not be told. */
export interface DifferentRow {
  readonly kind: DifferenceKind | 'still changing';
  /** Names and values of the key; of the whole row where the table has no key. */
  readonly key: Readonly<Record<string, string | null>>;
  /** The columns that differ; empty for rows that one side lacks. */
  readonly columns: readonly DifferentColumn[];
}

export interface DifferentColumn {
  readonly name: string;
  readonly source: string | null;
  readonly target: string | null;
}

export interface TableResult {
  readonly table: TableName;
  readonly counts: RowCounts;
  /** The first of them, by the order in which they were found. */
  readonly rows: readonly DifferentRow[];
}

/** What became of the rows that differ. */
export interface RepairReport {
  readonly file: string;
  /** Statements that the file holds. */
  readonly statements: number;
  /** Differing rows for which there is no statement. */
  readonly unrepairable: readonly Unrepairable[];
  /** Unset where the statements were written and not run. */
  readonly applied?: AppliedRepairs;
}

export interface Unrepairable {
  readonly table: TableName;
  readonly rows: number;
  readonly reason: string;
}

export interface AppliedRepairs {
  /** Rows that were inserted, updated and deleted. */
  readonly changedRows: number;
  /** Statements that found the row to be another than the one that was seen. */
  readonly withoutEffect: number;
  /** Statements that the target refused. */
  readonly refused: number;
  /** Rows that differ still, or again. */
  readonly remaining: number;
}

/** `undecided`: nothing is known to differ, but rows changed whenever they were read. */
export type Verdict = 'equal' | 'different' | 'undecided';

export interface VerifyReport {
  /** What was found, before any repair. */
  readonly tables: readonly TableResult[];
  /** Differences of the schemas. */
  readonly mismatches: readonly SchemaDifference[];
  /** Tables of the source that the target lacks. */
  readonly missingTables: readonly TableName[];
  /** Tables of the target that the source lacks. */
  readonly extraneousTables: readonly TableName[];
  readonly repair?: RepairReport;
  /** Of the databases as they were left: after the repair, where one was run. */
  readonly verdict: Verdict;
  readonly equal: boolean;
  readonly netMs: number;
}
