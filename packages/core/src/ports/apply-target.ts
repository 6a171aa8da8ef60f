import { TsmoltError } from '../errors.js';
import type { ErrorDetails } from '../errors.js';
import type { Table } from '../schema.js';
import type { ChangeValue } from '../rows/change-value.js';
import type { BatchRow } from '../rows/encoded-row.js';

/** What TRUNCATE has to know. */
export type EmptiedTable = Pick<Table, 'name' | 'partitioned'>;

/** Rows of one table with values for the same columns: one statement, however many they are. */
export interface RowBatch {
  readonly table: Table;
  /** Names of the columns that have values, as the target spells them. */
  readonly columns: readonly string[];
  /** The columns that identify a row; all of them are among `columns`. */
  readonly key: readonly string[];
  /** None of the rows is there: `upsert` may be faster then, and refuses those that are. */
  readonly fresh?: boolean;
  /** No two rows have the same key. Values in the order of `columns`; none is undefined. */
  readonly rows: readonly BatchRow[];
}

export interface ApplyOptions {
  readonly signal: AbortSignal;
  /** How long one statement may take (`--applyTimeout`). */
  readonly timeoutMs: number;
  /** Statements that a connection keeps prepared (`--targetStatementCacheSize`); 128 unless told otherwise. */
  readonly statementCacheSize?: number;
  /**
   * The target need not wait for its disk: should its machine fail right after the commit, then the transaction, and those
   * after it, may never have been. Only for work that will be repeated unless a later transaction that waited was committed.
   */
  readonly lazy?: boolean;
}

/** What a row ran into. `type` is a value that its column cannot hold. */
export type RefusalKind = 'foreign-key' | 'unique' | 'not-null' | 'check' | 'type' | 'other';

/** Why the target refused a change, for a caller that decides what becomes of it. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** Where the server names them. */
  readonly constraint?: string;
  readonly column?: string;
}

/** `TSM4011`: the target works, and will not have this row as it is. */
export class ChangeRefused extends TsmoltError {
  readonly refusal: Refusal;

  constructor(refusal: Refusal, details: ErrorDetails) {
    super('TSM4011', details);
    this.refusal = refusal;
  }
}

/** The refusal in an error or in what caused it; undefined where no row was refused. */
export function refusalOf(thrown: unknown): Refusal | undefined {
  if (thrown instanceof ChangeRefused) return thrown.refusal;
  return thrown instanceof Error && thrown.cause !== undefined ? refusalOf(thrown.cause) : undefined;
}

/**
 * Writes rows with set-based statements in transactions of the target.
 *
 * Guarantees: all of a transaction or none of it; nothing is committed once a statement outside of `attempt` has failed,
 * also where the work swallows that error. Triggers and constraints of the target act as for any other writer.
 */
export interface ApplyTarget {
  /**
   * Runs the work and commits. The work is run once: who wants another attempt calls again.
   *
   * @throws TsmoltError kind `retry` where nothing was committed and the same may succeed; `TSM4007` where the answer to
   *   COMMIT was lost; `TSM4011` (`ChangeRefused`) with the constraint where a row cannot be applied; `TSM7005` where the
   *   table does not fit the batch; `TSM1005` where the signal fired before COMMIT was sent
   */
  transaction<Result>(
    work: (transaction: ApplyTransaction) => Promise<Result>,
    options: ApplyOptions,
  ): Promise<Result>;
}

/** Its methods are called one after the other: each waits for the promise of the one before. */
export interface ApplyTransaction {
  /**
   * Inserts rows, or overwrites exactly these columns of those that are there. Without a key it inserts.
   *
   * @returns rows written; a row that is nothing but its key counts also where it is there already
   */
  upsert(batch: RowBatch): Promise<number>;
  /** Overwrites exactly these columns of rows that are there. @returns rows found: fewer than given where some are missing */
  update(batch: RowBatch): Promise<number>;
  /** Gives one row another key, and overwrites these columns. @returns 0 where there is no such row */
  rekey(batch: RowBatch, oldKey: readonly ChangeValue[]): Promise<number>;
  /** `columns` are those of the key. @returns rows found */
  delete(batch: RowBatch): Promise<number>;
  /** These tables alone: not those that inherit from them. */
  truncate(tables: readonly EmptiedTable[]): Promise<void>;
  /** Work that is undone, and the transaction usable again, when it throws. */
  attempt<Result>(work: () => Promise<Result>): Promise<Result>;
  /** One statement with bound values, for what is not a replicated row. Values come as the driver reads them. */
  query(sql: string, values: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /**
   * As `query`, for a statement of which nobody knows what its columns are called: rows are lists, in the order of the
   * columns. Values are texts as the server prints them, but for booleans, JSON and arrays.
   */
  queryRows(sql: string, values: readonly unknown[]): Promise<readonly (readonly unknown[])[]>;
}
