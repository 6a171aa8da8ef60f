import { silentLogger } from '@tsmolt/core';
import type { Logger, TableName } from '@tsmolt/core';
import { streamStatuses } from '@tsmolt/replicator';
import type { StreamStatus } from '@tsmolt/replicator';
import { openConn, withOpened } from './open-databases.js';
import { openStaging } from './open-staging.js';

export interface StatusRequest {
  /** The database with the staging schema. */
  readonly stagingConn: string;
  readonly stagingSchema?: string;
  readonly logger?: Logger;
}

export interface ReplicationStatus {
  readonly streams: readonly {
    /** The key of its checkpoint. */
    readonly stream: string;
    /** Where a restart goes on. */
    readonly checkpoint: string;
    /** As it noted it down last; undefined where it never ran. */
    readonly status: StreamStatus | undefined;
    /** How old the last applied commit was when that was noted, in seconds. */
    readonly lagSeconds: number | undefined;
  }[];
  /** Changes that wait in staging, by table, with the commit time of the oldest. */
  readonly backlog: readonly {
    readonly table: TableName;
    readonly waiting: number;
    readonly oldest: number;
  }[];
}

/** @throws TsmoltError `TSM7004` when the staging schema is not there */
export function replicationStatus(request: StatusRequest): Promise<ReplicationStatus> {
  const options = {
    allowUnencrypted: true,
    applicationName: 'tsmolt replicator status',
    maxConnections: 2,
    logger: request.logger ?? silentLogger(),
  };
  return withOpened(async (keep) => {
    const database = keep(await openConn(request.stagingConn, '--stagingConn', options));
    const { stagingSchema } = request;
    const { store } = keep(
      await openStaging(stagingSchema === undefined ? {} : { stagingSchema }, database, options),
    );
    const streams = [...(await streamStatuses(store))].map(([stream, { checkpoint, status }]) => ({
      stream,
      checkpoint,
      status,
      lagSeconds: lagOf(status),
    }));
    return { streams, backlog: await store.backlog() };
  });
}

function lagOf(status: StreamStatus | undefined): number | undefined {
  const appliedAt = status?.positions.appliedAt;
  return status === undefined || appliedAt === undefined
    ? undefined
    : Math.max(0, status.notedAt - appliedAt) / 1000;
}
