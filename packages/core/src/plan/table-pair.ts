import type { Column, Table } from '../schema.js';

/** A column and where its values go. */
export interface ColumnPair {
  readonly source: Column;
  readonly target: Column;
}

/** A table and where its rows go. */
export interface TablePair {
  readonly source: Table;
  /** Several pairs have the same target where tables are consolidated (`table_rename_opts`, n to 1). */
  readonly target: Table;
  /**
   * The columns that are copied, in the source's order. Neither computed columns of the target nor excluded ones are
   * among them.
   */
  readonly columns: readonly ColumnPair[];
  /** Which rows are copied, as a condition in the source's own SQL (`--filter-path`). All of them where it is unset. */
  readonly filter?: string;
  /** The same rows in the target's SQL, where it is written otherwise there. */
  readonly targetFilter?: string;
}

export interface MatchOptions {
  readonly caseSensitive: boolean;
  /** `--skip-pk-check`: tables without a primary key, or with another one, are let through. */
  readonly skipPrimaryKeyCheck: boolean;
}
