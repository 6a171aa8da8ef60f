import { TsmoltError } from '@tsmolt/core';
import type { SnapshotSource, Table } from '@tsmolt/core';
import type { FetchOptions } from './options.js';

export interface SnapshotRequest {
  readonly tables: readonly Table[];
  /** The identity of the snapshot that is to be continued: its replication slot is there already. */
  readonly resume?: string;
}

/** Opens the source's snapshot as the options say. @throws TsmoltError `TSM2008` for a source that has none */
export async function openSnapshot(
  options: FetchOptions,
  { tables, resume }: SnapshotRequest,
): Promise<SnapshotSource> {
  if (options.source.openSnapshot === undefined) {
    throw new TsmoltError('TSM2008', {
      message: `${options.source.product} at ${options.source.url.host} cannot be the source of fetch`,
      advice: 'Use a PostgreSQL, MySQL, MariaDB or CockroachDB source.',
    });
  }
  const { replication } = options;
  const snapshot = await options.source.openSnapshot({
    wantCursor: !options.ignoreReplicationCheck,
    maxConnections: options.tableConcurrency * options.exportConcurrency,
    tables,
    unrepresentable: options.unrepresentable,
    protection: options.protection,
    ...(resume === undefined ? {} : { resume }),
    ...(replication === undefined || resume !== undefined ? {} : { replication }),
  });
  for (const warning of snapshot.warnings) options.logger.warn(warning);
  return snapshot;
}
