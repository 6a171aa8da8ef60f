import type { Mutation } from './change-source.js';

/** A mutation that waits: for its parent, for its turn, or for a person. */
export interface StagedMutation {
  readonly mutation: Mutation;
  readonly position: string;
  readonly attempts: number;
  readonly reason?: string;
}

/**
 * The replicator's memory, in a schema of its own.
 *
 * Guarantees: what a resolved promise of this port wrote survives a crash of every process; mutations of one key come
 * back in the order in which they were staged; a lease is held by one process at a time.
 */
export interface StagingStore {
  loadCheckpoint(stream: string): Promise<string | undefined>;
  stage(stream: string, mutations: readonly StagedMutation[]): Promise<void>;
  /** Staged mutations that are due, oldest first, at most `limit`. */
  unapplied(stream: string, limit: number): Promise<StagedMutation[]>;
  markApplied(stream: string, mutations: readonly StagedMutation[]): Promise<void>;
  /** Parks a mutation for a person: it is never dropped, and later mutations of its key wait behind it. */
  park(stream: string, mutation: StagedMutation): Promise<void>;
  /** Resolves to undefined while another process holds the lease. */
  acquireLease(stream: string, signal: AbortSignal): Promise<AsyncDisposable | undefined>;
}
