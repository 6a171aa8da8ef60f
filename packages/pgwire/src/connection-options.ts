import type { ClientConfig } from 'pg';
import { TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, OpenOptions } from '@tsmolt/core';
import type { TlsAttempt } from './tls.js';

/** libpq's default for `connect_timeout` is to wait for ever; nobody wants that in a migration window. */
const defaultConnectTimeoutSeconds = 15;

/** What this package reads from a connection string, and what it may ignore because it changes nothing here. */
const readParameters = [
  'sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword', 'application_name', 'options', 'connect_timeout',
] as const; // prettier-ignore
const ignoredParameters = [
  'results_buffer_size',
  'target_session_attrs',
  'keepalives',
  'gssencmode',
  'channel_binding',
];

/**
 * The driver's options for one attempt to connect.
 *
 * @throws TsmoltError `TSM1002` for a parameter that is not known: a mistyped `sslmode` must not go unseen
 */
export function clientConfig(url: ConnectionUrl, attempt: TlsAttempt, options: OpenOptions): ClientConfig {
  refuseUnknownParameters(url);
  const timeout = Number(url.parameters.get('connect_timeout') ?? defaultConnectTimeoutSeconds);
  const sessionOptions = url.parameters.get('options');
  return {
    host: url.host === '' ? 'localhost' : url.host,
    port: url.port === 0 ? defaultPort(url) : url.port,
    // libpq's default is the operating system's user; drivers differ, so tsmolt asks for one instead of guessing.
    user: url.user,
    password: () => url.password.reveal(),
    database: url.database === '' ? url.user : url.database,
    ssl: attempt.tls ? attempt.options : false,
    application_name: url.parameters.get('application_name') ?? options.applicationName,
    connectionTimeoutMillis: timeout * 1000,
    keepAlive: true,
    ...(sessionOptions === undefined ? {} : { options: sessionOptions }),
  };
}

/** Ports of schemes that do not use PostgreSQL's. */
const defaultPorts: Readonly<Record<string, number>> = { cockroachdb: 26_257 };

function defaultPort(url: ConnectionUrl): number {
  return defaultPorts[url.scheme] ?? 5432;
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
