import type { Mutation } from './change-source.js';

export interface ApplyBatch {
  /** At most one mutation a key, parents before children for upserts and the reverse for deletes. */
  readonly mutations: readonly Mutation[];
  /** Stored in the same transaction as the rows, where both live in one cluster. */
  readonly checkpoint: { readonly stream: string; readonly position: string };
}

export interface ApplyResult {
  readonly upserted: number;
  readonly deleted: number;
  /** Mutations that could not be applied, each with its reason; the others of the batch were rolled back with them. */
  readonly refused: readonly { readonly mutation: Mutation; readonly reason: string }[];
}

/**
 * Applies mutations with set-based statements in one target transaction.
 *
 * Guarantees: all of a batch or none of it; applying the same batch twice leaves the same rows as applying it once.
 */
export interface ApplyTarget {
  apply(batch: ApplyBatch, signal: AbortSignal): Promise<ApplyResult>;
}
