import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, Database, OpenOptions } from '@tsmolt/core';
import { changeLog } from '../changes/change-log.js';
import { openChanges } from '../changes/mysql-change-source.js';
import { MysqlRowHasher } from '../hash/row-hasher.js';
import { MysqlRowVerifier } from '../hash/row-verifier.js';
import { MysqlCatalog } from '../introspect/catalog.js';
import { openSnapshot } from '../snapshot/snapshot-source.js';
import { identify, productName } from './identify.js';
import { MysqlSessionPool } from './session-pool.js';

/**
 * A MySQL or MariaDB database, as a source.
 *
 * @throws TsmoltError `TSM1002` for a connection string without a database, `TSM2xxx` when the server cannot be reached
 *   or is too old
 */
export async function openMysql(url: ConnectionUrl, options: OpenOptions): Promise<Database> {
  if (url.database === '') throw databaseMissing(url);
  const server = await identify(url, options);
  const pool = new MysqlSessionPool({ server, maxConnections: options.maxConnections });
  return {
    url,
    product: productName(server),
    catalog: new MysqlCatalog(pool, server, options.logger),
    rowHasher: new MysqlRowHasher(pool, server),
    rowVerifier: new MysqlRowVerifier(pool),
    openSnapshot: (snapshot) => openSnapshot(server, pool, snapshot, options.logger),
    changeLog: changeLog(server, pool),
    openChanges: (changes) => openChanges(server, pool, changes),
    close: () => pool.close(),
  };
}

function databaseMissing(url: ConnectionUrl): TsmoltError {
  return new TsmoltError('TSM1002', {
    message: `the connection string for ${url.host} names no database`,
    advice: `Write the database to migrate at the end of it: ${url.scheme}://user:password@host:port/database.`,
  });
}
