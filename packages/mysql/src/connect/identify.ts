import { createConnection } from 'mysql2';
import type { ConnectionOptions } from 'mysql2';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, OpenOptions } from '@tsmolt/core';
import { classify, serverErrorNumber } from '../errors.js';
import { endConnection } from './connection-end.js';
import { connectionOptions } from './connection-options.js';
import { capabilitiesOf, isAtLeast, parseVersion } from './mysql-server.js';
import type { Flavour, MysqlServer, Version } from './mysql-server.js';
import { sessionOf } from './session.js';
import { tlsAttempts, unencryptedRefused } from './tls.js';

const oldest: Readonly<Record<Flavour, Version>> = { mysql: [5, 7, 0], mariadb: [10, 6, 0] };

/**
 * Connects once to find out whether and how the server can be reached, and what it is.
 *
 * @throws TsmoltError `TSM2xxx`, `TSM2008` for servers before MySQL 5.7 or MariaDB 10.6
 */
export async function identify(url: ConnectionUrl, options: OpenOptions): Promise<MysqlServer> {
  let failure: unknown;
  for (const attempt of tlsAttempts(url, options.allowUnencrypted)) {
    const config = connectionOptions(url, attempt, options);
    try {
      const versionText = await askVersion(config);
      return { url, config, versionText, encrypted: attempt.tls, ...supported(url, versionText) };
    } catch (thrown) {
      failure = thrown;
      // Only a server that has no TLS is a reason to try without; a wrong password is not.
      if (!isWithoutTls(thrown)) break;
    }
  }
  if (isWithoutTls(failure)) throw unencryptedRefused(url, failure);
  if (serverErrorNumber(failure) === secureTransportRequired) throw encryptionDemanded(url, failure);
  throw classify(failure, url, 'cannot connect');
}

/** `MySQL 9.7.4`, `MariaDB 10.11.14`: for people. */
export function productName(server: Pick<MysqlServer, 'flavour' | 'version'>): string {
  return `${server.flavour === 'mariadb' ? 'MariaDB' : 'MySQL'} ${server.version.join('.')}`;
}

const secureTransportRequired = 3159;

async function askVersion(config: ConnectionOptions): Promise<string> {
  const connection = createConnection(config);
  // Errors after the connection broke are reported by the statement that waits; a listener keeps them from being fatal.
  connection.on('error', () => undefined);
  try {
    await new Promise<void>((resolve, reject) => {
      connection.connect((error) => (error === null ? resolve() : reject(error)));
    });
    const rows = await sessionOf(connection).query<{ version: string }>('SELECT version() AS version');
    await endConnection(connection);
    return rows[0]?.version ?? '';
  } catch (thrown) {
    connection.destroy();
    throw thrown;
  }
}

function isWithoutTls(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === 'HANDSHAKE_NO_SSL_SUPPORT';
}

/** @throws TsmoltError `TSM2008` */
export function supported(
  url: ConnectionUrl,
  versionText: string,
): Pick<MysqlServer, 'flavour' | 'version' | 'capabilities'> {
  const parsed = parseVersion(versionText);
  if (parsed !== undefined && isAtLeast(parsed.version, oldest[parsed.flavour])) {
    return { ...parsed, capabilities: capabilitiesOf(parsed.flavour, parsed.version) };
  }
  throw new TsmoltError('TSM2008', {
    message: `${url.host} runs ${parsed === undefined ? versionText : productName(parsed)}, and tsmolt needs MySQL 5.7 or MariaDB 10.6 or later`,
    advice: 'Upgrade the server, or migrate from a replica that runs a later version.',
  });
}

function encryptionDemanded(url: ConnectionUrl, cause: unknown): TsmoltError {
  return new TsmoltError('TSM2004', {
    message: `${url.host} accepts user "${url.user}" only over TLS`,
    advice: 'Use sslmode=require, or better verify-full with sslrootcert.',
    cause,
  });
}
