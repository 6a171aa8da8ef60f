import type { ClientBase } from 'pg';
import type { ConnectionUrl, Database, OpenOptions } from '@tsmolt/core';
import { TsmoltError } from '@tsmolt/core';
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
import { changeLog } from './changes/change-log.js';
import { openChanges } from './changes/open-changes.js';
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
  const sessions = {
    url: server.url,
    config: server.config,
    prepare: async (client: ClientBase) => {
      await client.query(sessionSettings(server.versionNumber));
    },
  };
  const pool = new SessionPool({ ...sessions, maxConnections: options.maxConnections });
  const verifier = verifierDialect(server.versionNumber);
  const streaming = { allowed: true };
  return {
    url: server.url,
    product: productName(server.versionText),
    catalog: new PostgresCatalog(pool, server.versionNumber),
    rowHasher: new PostgresRowHasher(pool, server.versionNumber),
    rowVerifier: new PgwireRowVerifier(pool, verifier),
    rowRepairer: new PgwireRowRepairer(pool, server.url, {
      ...verifier,
      checkedCast: (literal, column) => checkedCast(literal, column, server.versionNumber),
      overridingIdentity: ' OVERRIDING SYSTEM VALUE',
    }),
    bulkTarget: new PostgresBulkTarget(pool, server),
    fetchStatus: new PgwireFetchStatus(pool),
    changeLog: changeLog(pool),
    openChanges: (changes) => openChanges({ server, pool, streaming }, changes),
    openSnapshot: (snapshot) => openSnapshot(server, pool, snapshot, options.logger),
    applyTarget: new PgwireApplyTarget({
      pool,
      url: server.url,
      config: server.config,
      dialect: applyDialect(server.versionNumber),
    }),
    openStaging: (staging) =>
      openStaging(
        {
          ...sessions,
          database: String(server.config.database),
          reachesOtherDatabases: false,
          hasUnloggedTables: true,
        },
        staging,
      ),
    deadLetters: (table) => new PgwireDeadLetters(pool, table),
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
