import { TsmoltError } from '@tsmolt/core';
import type { ChangeLog, Database, OpenOptions, StagingStore } from '@tsmolt/core';
import { streamStatuses } from '@tsmolt/replicator';
import type { Replication } from '@tsmolt/verify';
import { changeLogOf } from './change-log-of.js';
import { openConn, withOpened } from './open-databases.js';
import { openStaging } from './open-staging.js';

export interface ReplicationPlace {
  readonly stagingConn: string;
  readonly stagingSchema?: string;
}

/**
 * Lets a verification ask how far the replicator has come, by the checkpoint that it keeps in its staging schema.
 *
 * @throws TsmoltError `TSM7004` when the schema is not there, `TSM1001` when it does not hold just one stream of this source
 */
export function withReplication<Result>(
  source: Database,
  { stagingConn, stagingSchema }: ReplicationPlace,
  options: OpenOptions,
  work: (replication: Replication) => Promise<Result>,
): Promise<Result> {
  const changeLog = changeLogOf(source);
  return withOpened(async (keep) => {
    const database = keep(await openConn(stagingConn, '--stagingConn', { ...options, maxConnections: 2 }));
    const { store } = keep(
      await openStaging(stagingSchema === undefined ? {} : { stagingSchema }, database, options),
    );
    const streams = [...(await streamStatuses(store)).keys()];
    const key = onlyStream(streams.filter((name) => name.startsWith(changeLog.names.memoPrefix)));
    const staged = new StagedChanges(store, changeLog);
    return work({
      sourcePosition: () => changeLog.currentPosition(),
      hasApplied: async (position) => {
        const applied = await store.loadMemo(key);
        return (
          applied !== undefined && covers(changeLog, applied, position) && !(await staged.wait(position))
        );
      },
    });
  });
}

function covers(changeLog: ChangeLog, reached: string, position: string): boolean {
  const order = changeLog.compare(reached, position);
  return order === 0 || order === 1;
}

/**
 * A change that waits for its parent is tried for some 100 seconds (`--maxRetries` times, `--quiescentPeriod` apart). What
 * waits longer, waits for a person: its row differs, and a verification is to say so.
 */
const patienceMs = 120_000;

/** More changes that wait are more than a verification should wait for. */
const mostLookedAt = 1000;

/** Changes that the checkpoint lies behind, although they are not on the target: they wait in staging. */
class StagedChanges {
  readonly #store: StagingStore;
  readonly #changeLog: ChangeLog;
  /** When a change was first seen to wait, by its sequence. */
  #seen = new Map<string, number>();

  constructor(store: StagingStore, changeLog: ChangeLog) {
    this.#store = store;
    this.#changeLog = changeLog;
  }

  /** Whether a change up to that position waits that may still be applied. */
  async wait(position: string): Promise<boolean> {
    const now = performance.now();
    const waiting = await this.#store.waiting(mostLookedAt);
    this.#seen = new Map(waiting.map(({ sequence }) => [sequence, this.#seen.get(sequence) ?? now]));
    return waiting.some(
      (change) =>
        covers(this.#changeLog, position, change.position) &&
        now - (this.#seen.get(change.sequence) ?? now) < patienceMs,
    );
  }
}

function onlyStream(streams: readonly string[]): string {
  const [stream] = streams;
  if (stream !== undefined && streams.length === 1) return stream;
  throw new TsmoltError('TSM1001', {
    message:
      streams.length === 0
        ? 'the staging schema has no checkpoint of a replication from this source'
        : `the staging schema has checkpoints of several replications: ${streams.join(', ')}`,
    advice: 'Check --stagingConn and --stagingSchema; the replicator must have written its first checkpoint.',
  });
}
