import { connect, isIP } from 'node:net';
import type { ConnectionOptions } from 'mysql2';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, OpenOptions } from '@tsmolt/core';
import type { TlsAttempt } from './tls.js';

const defaultPort = 3306;
const defaultConnectTimeoutSeconds = 15;

/** What this package reads from a connection string. */
const readParameters = [
  'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'ssl-mode', 'ssl-ca', 'ssl-cert', 'ssl-key', 'tls',
  'connect_timeout', 'timeout',
] as const; // prettier-ignore

/**
 * Parameters of Go's driver, which MOLT uses, that change nothing here: sessions are pinned to one character set, time
 * zone and SQL mode, and what the others tune does not exist in this driver.
 */
const ignoredParameters = [
  'allowNativePasswords', 'charset', 'collation', 'interpolateParams', 'loc', 'maxAllowedPacket', 'parseTime',
  'readTimeout', 'time_zone', 'writeTimeout',
]; // prettier-ignore

/**
 * The driver's options for one attempt to connect.
 *
 * @throws TsmoltError `TSM1002` for a parameter that is not known: a mistyped `sslmode` must not go unseen
 */
export function connectionOptions(
  url: ConnectionUrl,
  attempt: TlsAttempt,
  options: OpenOptions,
): ConnectionOptions {
  refuseUnknownParameters(url);
  return {
    ...address(url, attempt),
    user: url.user,
    password: url.password.reveal(),
    ...(url.database === '' ? {} : { database: url.database }),
    ...(attempt.tls ? { ssl: attempt.options } : {}),
    connectTimeout: connectTimeoutSeconds(url) * 1000,
    connectAttributes: { program_name: options.applicationName },
    // A server must not be able to ask for a file of this machine.
    flags: ['-LOCAL_FILES'],
    multipleStatements: false,
    charset: 'utf8mb4_bin',
    timezone: 'Z',
    supportBigNumbers: true,
    bigNumberStrings: true,
    dateStrings: true,
    jsonStrings: true,
    // The stack of the caller in each error costs time for each statement; errors are wrapped with their subject anyway.
    trace: false,
  };
}

function address(url: ConnectionUrl, attempt: TlsAttempt): ConnectionOptions {
  if (url.host.startsWith('/')) return { socketPath: url.host };
  const host = url.host === '' ? 'localhost' : url.host;
  const port = url.port === 0 ? defaultPort : url.port;
  if (!attempt.tls || isIP(host) === 0) return { host, port };
  // The driver compares no certificate with an address: it would look for `localhost`. With a dot at its end, which
  // Node's comparison removes again, an address passes through the driver as a host name.
  return { host: `${host}.`, port, stream: () => connectedSocket(host, port) };
}

function connectedSocket(host: string, port: number): ReturnType<typeof connect> {
  const socket = connect(port, host);
  socket.setKeepAlive(true);
  socket.setNoDelay(true);
  return socket;
}

function connectTimeoutSeconds(url: ConnectionUrl): number {
  const text = url.parameters.get('connect_timeout') ?? url.parameters.get('timeout');
  if (text === undefined) return defaultConnectTimeoutSeconds;
  // Seconds, or a duration of Go.
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  if (number !== undefined) return Number(number) * ({ ms: 0.001, m: 60 }[unit ?? 's'] ?? 1);
  throw new TsmoltError('TSM1002', {
    message: `the connection string for ${url.host} has a timeout of ${text}`,
    advice: 'Write a number of seconds, or a duration such as 500ms, 10s or 1m.',
  });
}

function refuseUnknownParameters(url: ConnectionUrl): void {
  const known = new Set<string>([...readParameters, ...ignoredParameters]);
  const unknown = [...url.parameters.keys()].filter((name) => !known.has(name));
  if (unknown.length === 0) return;
  throw new TsmoltError('TSM1002', {
    message: `the connection string for ${url.host} has the unknown parameter ${unknown.join(', ')}`,
    advice: `Known are ${readParameters.join(', ')}.`,
  });
}
