import type { ColumnView } from '../rows.js';

/*
 * What crosses between the program and the sandbox. Everything is JSON text: no object of one side is ever reachable from
 * the other, and a whole batch costs one crossing.
 */

/** Which handlers a batch goes to: those of the schema, before staging, or those of the tables, after it. */
export type Phase = 'schema' | 'tables';

/** A shape of rows, sent once: later messages name it by its place in the list. */
export interface RelationText {
  readonly id: number;
  /** Which registration handles it. */
  readonly handler: number;
  /** As the script's metadata shows them. */
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly string[];
  /** Places of the key's columns, in the order of the target's primary key. */
  readonly key: readonly number[];
  readonly views: readonly ColumnView[] | null;
}

export const upsertCode = 0;
export const deleteCode = 1;

/** Values of a row, in the order of its relation's columns. */
export type ValuesText = readonly (string | null)[];
/** Relation, action, then the values. */
export type CellsText = readonly [relation: number, action: number, ...values: (string | null)[]];

/**
 * The first line of a batch. Each line after it is one row: the JSON text of its values, which is parsed only when the
 * script looks at the row.
 */
export interface DispatchText {
  readonly phase: Phase;
  readonly relations: readonly RelationText[];
  /** Relation, action, and how many rows in sequence have these; then those of the rows that follow. */
  readonly runs: readonly number[];
}

/** A shape of rows that the script made: `table` as it routed them, null for the table they came from. */
export interface MadeShapeText {
  readonly id: number;
  readonly table: string | null;
  readonly columns: readonly string[];
}

/**
 * The shape's number, then the values; the number alone for the values that were sent; -1 and the key's values for a delete
 * by `configureTargetTables`.
 */
export type MadeRowText = readonly [shape: number, ...values: (string | null)[]];

/** What became of one row: 0 for left alone, null for filtered out, or the rows that stand in its place. */
export type OutcomeText = 0 | null | readonly MadeRowText[];

export interface DispatchedText {
  readonly shapes: readonly MadeShapeText[];
  readonly outcomes: readonly OutcomeText[];
}

/** An error inside the sandbox. `origin` is the number of the host's error that it is, or was caused by. */
export interface ThrownText {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly origin?: number;
}

export interface FailureText {
  readonly failed: ThrownText;
  /** Which row of the batch. */
  readonly row: number;
}

/** Starts `onWrite`. `before` has what is known of each row before its change, under a relation of its own. */
export interface WriteText {
  readonly handler: number;
  readonly relations: readonly RelationText[];
  readonly rows: readonly CellsText[];
  readonly before: readonly (CellsText | null)[];
  readonly schema: string;
  readonly table: string;
  readonly columns: readonly unknown[];
}

/** A row that a script hands to `write`: its place in the batch if it was left alone. */
export type WrittenText =
  | number
  | {
      readonly action: 'upsert' | 'delete';
      readonly table: string;
      readonly columns: readonly string[];
      readonly values: readonly (string | null)[];
      /** The batch's row that it was made from. */
      readonly from: number | null;
    };

export interface StatementText {
  readonly id: number;
  readonly sql: string;
  readonly values: readonly (string | null)[];
}

export type CallText =
  | (StatementText & { readonly call: 'query' })
  | (StatementText & { readonly call: 'exec' })
  | { readonly id: number; readonly call: 'write'; readonly rows: readonly WrittenText[] };

export type AnswerText =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly refused: { readonly message: string; readonly code: string | null } };

/** How `onWrite` ended; `stuck` where nothing is left that could settle its promise. */
export interface DoneText {
  readonly failed?: ThrownText;
  readonly stuck?: boolean;
  /** Calls whose failure nobody would have noticed. */
  readonly unheeded?: readonly number[];
}

export interface RegisteredText {
  /** The names given to `configureTargetSchema`. */
  readonly schemas: readonly string[];
  readonly tables: readonly {
    readonly names: readonly string[];
    readonly shapes: boolean;
    readonly writes: boolean;
  }[];
}

export interface LogText {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
}

/** What the host asks of the sandbox. */
export type Entrance = 'registered' | 'dispatch' | 'write' | 'answer' | 'abandon';
