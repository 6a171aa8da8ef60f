import type { TableName } from '../names.js';

/** A replicated value: the text its source printed, or null. Bytes stay text until an adapter binds them. */
export type ChangeValue = string | null;

/** One changed row. A change of its key arrives as a delete of the old key followed by an upsert of the new one. */
export interface Mutation {
  readonly table: TableName;
  readonly kind: 'upsert' | 'delete';
  /** Values of the key columns by name. */
  readonly key: ReadonlyMap<string, ChangeValue>;
  /** Exactly the columns that the source sent: one that is absent (an unchanged TOAST value) must not be touched. */
  readonly after: ReadonlyMap<string, ChangeValue>;
  readonly before?: ReadonlyMap<string, ChangeValue>;
}

/** One committed transaction of the source, or a heartbeat where there are no mutations. */
export interface SourceTransaction {
  /** Printed position at which the next transaction starts; its adapter parses and compares it. */
  readonly position: string;
  readonly committedAt: Date;
  readonly mutations: AsyncIterable<Mutation>;
}

/**
 * The committed changes of a database.
 *
 * Guarantees: transactions come in commit order, whole, each at least once; nothing is skipped between the position
 * asked for and the first one given. A position that the server no longer has is an error, never another position.
 */
export interface ChangeSource {
  transactions(from: string, signal: AbortSignal): AsyncIterable<SourceTransaction>;
  /** Lets the server forget what lies before the position. Call it only for what the target has made durable. */
  acknowledge(position: string): Promise<void>;
}
