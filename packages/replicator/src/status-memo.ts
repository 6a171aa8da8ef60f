import type { StagingStore } from '@tsmolt/core';
import { acceptedSuffix } from './route/accepted-alterations.js';
import { shapesSuffix } from './read/remembered-shapes.js';
import type { ReplicationOptions } from './options.js';
import type { Positions } from './progress.js';

/** What a running replication notes down about itself, for `tsmolt replicator status`. */
export interface StreamStatus {
  readonly positions: Readonly<Positions>;
  readonly phase: string;
  readonly source: string;
  readonly transactions: number;
  readonly changes: number;
  /** Milliseconds since 1970, by the replicator's clock. */
  readonly notedAt: number;
}

const suffix = '-status';
/** What the memo has beside the checkpoints. */
const besides = [suffix, '-source', '-history', '-publication', '-reader', acceptedSuffix, shapesSuffix];
const everyMs = 5000;

export class StatusMemo {
  readonly #options: Pick<ReplicationOptions, 'staging' | 'state' | 'memoKey' | 'source'>;
  #notedAt = Number.NEGATIVE_INFINITY;

  constructor(options: Pick<ReplicationOptions, 'staging' | 'state' | 'memoKey' | 'source'>) {
    this.#options = options;
  }

  async lookAfter(): Promise<void> {
    if (performance.now() - this.#notedAt >= everyMs) await this.note();
  }

  async note(): Promise<void> {
    const { staging, state, memoKey, source } = this.#options;
    this.#notedAt = performance.now();
    if (state.positions === undefined) return;
    const { positions, phase, transactions, changes } = state;
    const status: StreamStatus = {
      positions,
      phase,
      source: source.url.toString(),
      transactions,
      changes,
      notedAt: Date.now(),
    };
    await staging.saveMemo(`${memoKey}${suffix}`, JSON.stringify(status));
  }
}

/** The streams of a staging schema by the key of their checkpoint, as they noted it down last. */
export async function streamStatuses(
  staging: StagingStore,
): Promise<ReadonlyMap<string, { readonly checkpoint: string; readonly status: StreamStatus | undefined }>> {
  const memos = await staging.memos();
  const streams = new Map<
    string,
    { readonly checkpoint: string; readonly status: StreamStatus | undefined }
  >();
  for (const [key, checkpoint] of memos) {
    if (!/-wal-offset-/.test(key) || besides.some((ending) => key.endsWith(ending))) continue;
    const noted = memos.get(`${key}${suffix}`);
    streams.set(key, {
      checkpoint,
      status: noted === undefined ? undefined : (JSON.parse(noted) as StreamStatus),
    });
  }
  return streams;
}
