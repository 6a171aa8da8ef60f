import type { Column, Table } from '../schema.js';
import type { LogicalType } from '../types.js';
import type { HashColumn } from './row-hasher.js';

/** A value of a row as `RowVerifier.readRows` printed it, and the column that it was read from. */
export interface SeenValue {
  readonly column: HashColumn;
  readonly text: string | null;
}

/** A value that a row is to have, as the other database's `RowVerifier.readRows` printed it. */
export interface WantedValue {
  /** Of the table that is repaired. */
  readonly column: Column;
  /** The type that it was printed as. */
  readonly type: LogicalType;
  readonly text: string | null;
}

/** One row of a table that is to become another one, to go, or to be there. */
export type RowRepair =
  | { readonly kind: 'insert'; readonly table: Table; readonly wanted: readonly WantedValue[] }
  | {
      readonly kind: 'update';
      readonly table: Table;
      readonly key: readonly SeenValue[];
      /** What the row held when it was read: it is changed only where it still does. */
      readonly seen: readonly SeenValue[];
      readonly wanted: readonly WantedValue[];
    }
  | {
      readonly kind: 'delete';
      readonly table: Table;
      readonly key: readonly SeenValue[];
      readonly seen: readonly SeenValue[];
    };

/** Makes single rows what they should be, by statements that a person may read first. */
export interface RowRepairer {
  /** What a session needs before it runs the statements: values are compared as text, which has to have the same form. */
  readonly settings: readonly string[];
  /**
   * The statement for a row, on one line and without a semicolon. It changes the row only where that still holds what was
   * seen, inserts it only where its key is free, and so may be run twice.
   */
  statement(repair: RowRepair): string;
  /**
   * Runs statements in one transaction.
   *
   * @returns the number of rows that each changed
   * @throws TsmoltError when one is refused: then none has done anything. `TSM4001` where the server refuses the row.
   */
  run(statements: readonly string[], signal: AbortSignal): Promise<readonly number[]>;
}
