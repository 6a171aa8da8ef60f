import type { ApplyTransaction, ChangeValue, Mutation, Table } from '@tsmolt/core';

/** What a script made of a change. */
export interface ScriptedMutation extends Mutation {
  /** The row before the change with the source's columns, where the script gave it others; `before` has what both have. */
  readonly sourceBefore?: {
    readonly columns: readonly string[];
    readonly values: readonly ChangeValue[];
  };
}

/** Rows that a script writes itself, and how it does. */
export interface ScriptWrite {
  readonly table: Table;
  /** With the target's names of table and columns. */
  readonly changes: readonly ScriptedMutation[];
  readonly transaction: ApplyTransaction;
  /** Writes rows as they would be without a script. */
  readonly write: (changes: readonly Mutation[]) => Promise<void>;
}

/** The step between reading and writing that a person can program (`--userscript`). */
export interface ChangeScript {
  /** Whether rows may end in other tables than their own: then nobody can say what emptying a table of the source means. */
  readonly movesRows: boolean;
  /**
   * Whether changes may be transformed while those before them are being written. Where the script writes some itself, its
   * `onWrite` would find the variables as later rows left them.
   */
  readonly mayRunAhead: boolean;
  /**
   * What is to be written in place of each of these changes: itself (the same object), other rows of any tables of the
   * target, or nothing.
   */
  transform(changes: readonly Mutation[]): Promise<readonly (readonly ScriptedMutation[])[]>;
  /** Whether the script itself writes the rows of this table. */
  writes(table: Table): boolean;
  /** @throws TsmoltError `TSM7006` with the place in the script */
  write(write: ScriptWrite): Promise<void>;
}

/** What a script did in one crossing, for the metrics of the manual ("Userscript Metrics"). */
export interface ScriptObservation {
  /** As scripts name it: with its database. */
  readonly schema: string;
  /** `*` for the handlers of a schema. */
  readonly table: string;
  readonly function: string;
  readonly invocations: number;
  readonly processed: number;
  readonly filtered: number;
  readonly errors: number;
  /** The time of all these invocations together. */
  readonly seconds: number;
  readonly waitSeconds: number;
}
