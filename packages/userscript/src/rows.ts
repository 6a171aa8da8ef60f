import type { TableName } from '@tsmolt/core';

/** A replicated value: its text, null for NULL, undefined where the source did not send the column. */
export type ScriptValue = string | null | undefined;

/**
 * How a script sees a column: most are text, numbers too. `boolean` becomes true or false, `json` and `array` (a
 * PostgreSQL array literal) become objects and lists when the script looks at them.
 */
export type ColumnView = 'text' | 'boolean' | 'json' | 'array';

/** The shape of rows. One object is shared by all rows of that shape: the sandbox learns each shape once. */
export interface ScriptTable {
  /** The schema is always the target's. The table is the source's before the schema's handlers, the target's after. */
  readonly name: TableName;
  readonly columns: readonly string[];
  /** Where in `columns` the values lie that identify a row. */
  readonly key: readonly number[];
  /** How scripts see the columns, in their order. Without it: as the target's columns of the same names are seen. */
  readonly views?: readonly ColumnView[];
}

/** A changed row. Values are in the order of `table.columns`. A `Mutation` of `@tsmolt/core` is one. */
export interface ScriptRow {
  /** `upsert` has the whole row, `update` has some columns of a row that is there, `delete` has at least the key. */
  readonly kind: 'upsert' | 'update' | 'delete';
  readonly table: ScriptTable;
  readonly values: readonly ScriptValue[];
  /** The values of `table.key` before the change, where the change gave the row another key. */
  readonly oldKey?: readonly ScriptValue[];
  /** As much of the row before the change as the source sends. */
  readonly before?: readonly ScriptValue[];
  /** What the values of `before` are called, where a script gave the row other columns than it had. */
  readonly beforeColumns?: readonly string[];
}

/** What `getTX()` gives a script inside `onWrite`: the transaction in which the rows are being written. */
export interface ScriptTransaction {
  /** The target's schema as SQL names it, quoted (`"defaultdb"."public"`). */
  readonly schema: string;
  /** The target's table as SQL names it, quoted. */
  readonly table: string;
  /** The target's columns, those of the primary key first and in its order. */
  readonly columns: readonly ScriptTargetColumn[];
  /** Runs a statement with bound values. @returns rows as lists of values */
  query(sql: string, values: readonly (string | null)[]): Promise<readonly (readonly unknown[])[]>;
  /** Runs a statement whose rows nobody wants. */
  exec(sql: string, values: readonly (string | null)[]): Promise<void>;
  /** Writes rows as it would be done without a script. Rows that the script left alone are the objects that it got. */
  write(rows: readonly ScriptRow[]): Promise<void>;
}

/** A column as `getTX().columns()` shows it. */
export interface ScriptTargetColumn {
  /** Quoted. */
  readonly name: string;
  readonly type: string;
  readonly primary: boolean;
  /** Whether replication leaves it alone (a computed column). */
  readonly ignored: boolean;
  readonly defaultExpr?: string;
}
