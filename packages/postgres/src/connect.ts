import type { ConnectionUrl, Database, OpenOptions } from '@tsmolt/core';
import { TsmoltError } from '@tsmolt/core';
import { PgwireFetchStatus, PgwireRowVerifier, SessionPool } from '@tsmolt/pgwire';
import type { Server } from '@tsmolt/pgwire';
import { PostgresRowHasher, verifierDialect } from './hash.js';
import { PostgresCatalog } from './introspect/catalog.js';
import { PostgresBulkTarget } from './load/bulk-target.js';
import { openSnapshot } from './snapshot/snapshot-source.js';
import { sessionSettings } from './sql.js';

const oldestVersion = 110_000;

/**
 * A PostgreSQL database, source or target.
 *
 * @param server what `identify` found: this adapter does not connect to find out again
 * @throws TsmoltError `TSM2008` for versions before 11
 */
export function openPostgres(server: Server, options: OpenOptions): Database {
  if (server.versionNumber < oldestVersion) throw tooOld(server.url, server.versionText);
  const pool = new SessionPool({
    url: server.url,
    config: server.config,
    maxConnections: options.maxConnections,
    prepare: async (client) => {
      await client.query(sessionSettings(server.versionNumber));
    },
  });
  return {
    url: server.url,
    product: productName(server.versionText),
    catalog: new PostgresCatalog(pool, server.versionNumber),
    rowHasher: new PostgresRowHasher(pool),
    rowVerifier: new PgwireRowVerifier(pool, verifierDialect),
    bulkTarget: new PostgresBulkTarget(pool, server),
    fetchStatus: new PgwireFetchStatus(pool),
    openSnapshot: (snapshot) => openSnapshot(server, pool, snapshot, options.logger),
    close: () => pool.close(),
  };
}

/** `PostgreSQL 18.0` out of the long text of `version()`. */
function productName(versionText: string): string {
  return versionText.split(' ').slice(0, 2).join(' ');
}

function tooOld(url: ConnectionUrl, versionText: string): TsmoltError {
  return new TsmoltError('TSM2008', {
    message: `${url.host} runs ${productName(versionText)}, and tsmolt needs PostgreSQL 11 or later`,
    advice: 'Upgrade the server, or migrate from a replica that runs a later version.',
  });
}
