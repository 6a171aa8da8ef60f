import type { Column, Table } from '../schema.js';

/** A column and where its values go. */
export interface ColumnPair {
  readonly source: Column;
  readonly target: Column;
}

/** A table and where its rows go. */
export interface TablePair {
  readonly source: Table;
  readonly target: Table;
  /** The columns that are copied, in the source's order. Computed columns of the target are not among them. */
  readonly columns: readonly ColumnPair[];
}

export interface MatchOptions {
  readonly caseSensitive: boolean;
  /** `--skip-pk-check`: tables without a primary key, or with another one, are let through. */
  readonly skipPrimaryKeyCheck: boolean;
}
