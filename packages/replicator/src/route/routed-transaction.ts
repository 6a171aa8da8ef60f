import type { TableName } from '@tsmolt/core';
import type { RoutedMutation } from './target-tables.js';

export interface Truncation {
  readonly kind: 'truncate';
  readonly tables: readonly TableName[];
}

/** A change, or the emptying of tables, in the order of the source. */
export type RoutedEvent = RoutedMutation | Truncation;

/** A transaction whose changes have found their tables on the target. */
export interface RoutedTransaction {
  readonly events: readonly RoutedEvent[];
  readonly position: string;
  readonly committedAt: number;
}
