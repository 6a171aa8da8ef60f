import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, Database, OpenOptions } from '@tsmolt/core';

/** Opens the database that a URL of one scheme names. */
type Opener = (url: ConnectionUrl, options: OpenOptions) => Promise<Database>;

/**
 * The composition root: the one place that names the adapters. Each is imported when it is needed and not before, so
 * that a driver that is not used costs nothing.
 */
const openers: Readonly<Record<string, Opener>> = {
  postgres: openPgwire,
  postgresql: openPgwire,
  cockroachdb: openPgwire,
  mysql: openMysqlFamily,
  mariadb: openMysqlFamily,
};

/**
 * Opens a database by its connection string.
 *
 * @throws TsmoltError `TSM1002` for a scheme that no adapter knows, `TSM2xxx` when the server cannot be reached
 */
export function openDatabase(url: ConnectionUrl, options: OpenOptions): Promise<Database> {
  const open = openers[url.scheme];
  if (open !== undefined) return open(url, options);
  return Promise.reject(
    new TsmoltError('TSM1002', {
      message: `no database is known by the scheme ${url.scheme}://`,
      advice: `Use one of ${Object.keys(openers)
        .map((scheme) => `${scheme}://`)
        .join(', ')}.`,
    }),
  );
}

/** PostgreSQL and CockroachDB share scheme and protocol: only the server can say which of them it is. */
async function openPgwire(url: ConnectionUrl, options: OpenOptions): Promise<Database> {
  const { identify } = await import('@tsmolt/pgwire');
  const server = await identify(url, options);
  if (server.versionText.startsWith('CockroachDB')) {
    const { openCockroach } = await import('@tsmolt/cockroachdb');
    return openCockroach(server, options);
  }
  const { openPostgres } = await import('@tsmolt/postgres');
  return openPostgres(server, options);
}

/** MySQL and MariaDB share the protocol; the adapter asks the server which of them it is. */
async function openMysqlFamily(url: ConnectionUrl, options: OpenOptions): Promise<Database> {
  const { openMysql } = await import('@tsmolt/mysql');
  return openMysql(url, options);
}
