import type { ClientBase, ClientConfig } from 'pg';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, StagingOptions, StagingStore } from '@tsmolt/core';
import { SessionPool } from '../session-pool.js';
import { stagingPlace } from './staging-place.js';
import { PgwireStagingStore } from './staging-store.js';

export interface StagingSessions {
  readonly url: ConnectionUrl;
  readonly config: ClientConfig;
  /** The database that `config` names. */
  readonly database: string;
  readonly prepare: (client: ClientBase) => Promise<void>;
  /** Whether a name of three parts reaches the other databases of the server. */
  readonly reachesOtherDatabases: boolean;
  /** Whether a table can do without the log where it need not survive a crash. */
  readonly hasUnloggedTables?: boolean;
  /** How long a lease lasts that is not renewed. */
  readonly leaseMs?: number;
}

/** So long a process that follows one that was killed has to wait, and no longer may a server be silent. */
const defaultLeaseMs = 10_000;

/**
 * Opens the staging schema, which has connections of its own: a target that is busy must not keep a lease from being renewed.
 *
 * @throws TsmoltError `TSM1001` for a schema that cannot be reached from there, `TSM7004` for one that does not exist
 */
export async function openStaging(sessions: StagingSessions, options: StagingOptions): Promise<StagingStore> {
  const place = stagingPlace(options.schema, sessions.database);
  if (place.database !== undefined && !sessions.reachesOtherDatabases)
    throw new TsmoltError('TSM1001', {
      message: `--stagingSchema ${options.schema} is in another database than the connection's own, ${sessions.database}`,
      advice: `Give a schema of ${sessions.database}, or give the other database's URL with --stagingConn.`,
    });
  const { url, config, prepare } = sessions;
  const pool = new SessionPool({ url, config, prepare, maxConnections: 2 });
  const leases = new SessionPool({ url, config, prepare, maxConnections: 1 });
  const store = new PgwireStagingStore({
    pool,
    leases,
    place,
    database: sessions.database,
    leaseMs: sessions.leaseMs ?? defaultLeaseMs,
    hasUnloggedTables: sessions.hasUnloggedTables ?? false,
  });
  try {
    await store.prepare(options);
    return store;
  } catch (thrown) {
    await store.close();
    throw thrown;
  }
}
