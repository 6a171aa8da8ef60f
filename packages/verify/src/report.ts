import type { Mismatch, TableName } from '@tsmolt/core';

/** MOLT's counters (manual, "MOLT Verify", usage). */
export interface RowCounts {
  /** Rows of the source. */
  readonly truthRows: number;
  readonly success: number;
  /** Rows that are equal in the columns that can be compared, where others cannot. */
  readonly conditionalSuccess: number;
  readonly missing: number;
  readonly mismatch: number;
  readonly extraneous: number;
  readonly liveRetry: number;
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
    columnMismatch: sum('columnMismatch'),
  };
}

/** A row that is not the same on both sides. */
export interface DifferentRow {
  readonly kind: 'missing' | 'mismatch' | 'extraneous';
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

export interface VerifyReport {
  readonly tables: readonly TableResult[];
  /** Differences of the schemas. */
  readonly mismatches: readonly Mismatch[];
  /** Tables of the source that the target lacks. */
  readonly missingTables: readonly TableName[];
  /** Tables of the target that the source lacks. */
  readonly extraneousTables: readonly TableName[];
  readonly equal: boolean;
  readonly netMs: number;
}
