import type { Positions } from './progress.js';

/** What a replication is about, for those who look from outside. */
export class ReplicationState {
  phase: 'starting' | 'running' | 'waiting' | 'ended' = 'starting';
  /** Why it waits. */
  reason: string | undefined;
  positions: Readonly<Positions> | undefined;
  transactions = 0;
  changes = 0;
  readonly since = new Date();

  running(): void {
    this.phase = 'running';
    this.reason = undefined;
  }

  waiting(reason: string): void {
    this.phase = 'waiting';
    this.reason = reason;
  }

  count(transactions: number, changes: number): void {
    this.transactions += transactions;
    this.changes += changes;
  }
}
