import { TsmoltError } from '@tsmolt/core';
import type { Database, OpenOptions } from '@tsmolt/core';
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
    return work({
      sourcePosition: () => changeLog.currentPosition(),
      hasApplied: async (position) => {
        const applied = await store.loadMemo(key);
        const order = applied === undefined ? undefined : changeLog.compare(applied, position);
        return order === 0 || order === 1;
      },
    });
  });
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
