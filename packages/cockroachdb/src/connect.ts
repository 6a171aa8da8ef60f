import type { Database, OpenOptions } from '@tsmolt/core';
import {
  openStaging,
  PgwireApplyTarget,
  PgwireDeadLetters,
  PgwireFetchStatus,
  PgwireRowRepairer,
  PgwireRowVerifier,
  SessionPool,
} from '@tsmolt/pgwire';
import type { Server } from '@tsmolt/pgwire';
import { applyDialect, checkedCast } from './apply.js';
import { CockroachRowHasher, verifierDialect } from './hash.js';
import { CockroachCatalog } from './introspect/catalog.js';
import { CockroachBulkTarget } from './load/bulk-target.js';
import { openSnapshot } from './snapshot/snapshot-source.js';
import { prepareSession } from './sql.js';

/**
 * A CockroachDB database, source or target.
 *
 * @param server what `identify` found: this adapter does not connect to find out again
 */
export function openCockroach(server: Server, options: OpenOptions): Database {
  const sessions = {
    url: server.url,
    config: server.config,
    prepare: prepareSession,
  };
  const pool = new SessionPool({ ...sessions, maxConnections: options.maxConnections });
  return {
    url: server.url,
    product: productName(server.versionText),
    catalog: new CockroachCatalog(pool),
    rowHasher: new CockroachRowHasher(pool),
    rowVerifier: new PgwireRowVerifier(pool, verifierDialect),
    // It has no such clause: a column GENERATED ALWAYS AS IDENTITY takes no value, and refuses the row.
    rowRepairer: new PgwireRowRepairer(pool, server.url, {
      ...verifierDialect,
      checkedCast,
      overridingIdentity: '',
    }),
    bulkTarget: new CockroachBulkTarget(pool, server, options.logger),
    fetchStatus: new PgwireFetchStatus(pool),
    openSnapshot: (snapshot) => openSnapshot(server, pool, snapshot, options.logger),
    applyTarget: new PgwireApplyTarget({
      pool,
      url: server.url,
      config: server.config,
      dialect: applyDialect,
    }),
    openStaging: (staging) =>
      openStaging(
        { ...sessions, database: String(server.config.database), reachesOtherDatabases: true },
        staging,
      ),
    deadLetters: (table) => new PgwireDeadLetters(pool, table),
    close: () => pool.close(),
  };
}

/** `CockroachDB v25.4.1` out of `CockroachDB CCL v25.4.1 (x86_64-pc-linux-gnu, built ...)`. */
function productName(versionText: string): string {
  const version = /\bv\d+\.\d+\.\d+\S*/.exec(versionText);
  return `CockroachDB${version === null ? '' : ` ${version[0]}`}`;
}
