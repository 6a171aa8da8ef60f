import type { TableName } from '../names.js';
import type { Table } from '../schema.js';
import type { ChangeValue } from './change-source.js';

/** Rows of one table with values for the same columns: one statement, however many they are. */
export interface RowBatch {
  readonly table: Table;
  /** Names of the columns that have values, as the target spells them. */
  readonly columns: readonly string[];
  /** The columns that identify a row; all of them are among `columns`. */
  readonly key: readonly string[];
  /** No two rows have the same key. Values in the order of `columns`; none is undefined. */
  readonly rows: readonly (readonly ChangeValue[])[];
}

export interface ApplyOptions {
  readonly signal: AbortSignal;
  /** How long one statement may take (`--applyTimeout`). */
  readonly timeoutMs: number;
}

/**
 * Writes rows with set-based statements in transactions of the target.
 *
 * Guarantees: all of a transaction or none of it; its work may run again from the start, when the target asks for that.
 */
export interface ApplyTarget {
  /**
   * Runs the work and commits.
   *
   * @throws TsmoltError kind `retry` where nothing was committed and the same may succeed; `TSM4007` where the answer to
   *   COMMIT was lost; `TSM4011` with the constraint where a row cannot be applied
   */
  transaction<Result>(
    work: (transaction: ApplyTransaction) => Promise<Result>,
    options: ApplyOptions,
  ): Promise<Result>;
}

export interface ApplyTransaction {
  /** Inserts rows, or overwrites exactly these columns of those that are there. @returns rows written */
  upsert(batch: RowBatch): Promise<number>;
  /** Overwrites exactly these columns of rows that are there. @returns rows found: fewer than given where some are missing */
  update(batch: RowBatch): Promise<number>;
  /** Gives one row another key, and overwrites these columns. @returns 0 where there is no such row */
  rekey(batch: RowBatch, oldKey: readonly ChangeValue[]): Promise<number>;
  /** `columns` are those of the key. @returns rows found */
  delete(batch: RowBatch): Promise<number>;
  truncate(tables: readonly TableName[]): Promise<void>;
  /** Work that is undone, and the transaction usable again, when it throws. */
  attempt<Result>(work: () => Promise<Result>): Promise<Result>;
  /** One statement with bound values, for what is not a replicated row. Values come as the driver reads them. */
  query(sql: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}
