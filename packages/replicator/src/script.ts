import type { ApplyTransaction, Mutation, Table } from '@tsmolt/core';

/** Rows that a script writes itself, and how it does. */
export interface ScriptWrite {
  readonly table: Table;
  /** With the target's names of table and columns. */
  readonly changes: readonly Mutation[];
  readonly transaction: ApplyTransaction;
  /** Writes rows as they would be without a script. */
  readonly write: (changes: readonly Mutation[]) => Promise<void>;
}

/** The step between reading and writing that a person can program (`--userscript`). */
export interface ChangeScript {
  /** What is to be written in place of each of these changes: itself, other rows of any tables of the target, or nothing. */
  transform(changes: readonly Mutation[]): Promise<readonly (readonly Mutation[])[]>;
  /** Whether the script itself writes the rows of this table. */
  writes(table: Table): boolean;
  /** @throws TsmoltError `TSM7006` with the place in the script */
  write(write: ScriptWrite): Promise<void>;
}
