import { createConnection } from 'mysql2/promise';
import type { Connection, RowDataPacket } from 'mysql2/promise';
import type { ServerFolder } from './server-folder.js';
import type { ServerOptions, ServerSettings } from './running-server.js';
import type { TlsFiles } from './tls-files.js';

/** What MySQL and MariaDB share. The superuser may log in from anywhere, with a password. */
export const superuser = 'root';
export const superuserPassword = 'password';

/** An empty database for URLs to name; tests make their own. */
export const defaultDatabase = 'test';

/** Settings by option name; MariaDB has none of its own here. */
export function sharedSettings(
  folder: ServerFolder,
  options: ServerOptions,
  tls: TlsFiles | undefined,
): ServerSettings {
  return {
    'bind-address': '127.0.0.1',
    datadir: folder.dataDirectory,
    // Of its own: a server that starts clears away what another one has in a shared one.
    tmpdir: folder.path,
    socket: `${folder.path}/server.sock`,
    'pid-file': `${folder.path}/server.pid`,
    'skip-name-resolve': 'ON',
    'max-connections': 200,
    'max-allowed-packet': '64M',
    'innodb-buffer-pool-size': '128M',
    'default-time-zone': '+00:00',
    'log-bin': 'binlog',
    'binlog-format': 'ROW',
    'binlog-row-metadata': 'FULL',
    // Written to the operating system on commit, flushed later: a killed process loses nothing.
    ...(options.durable ? {} : { 'innodb-flush-log-at-trx-commit': 2, 'sync-binlog': 0 }),
    ...(tls === undefined
      ? {}
      : { 'ssl-ca': tls.caFile, 'ssl-cert': tls.certificateFile, 'ssl-key': tls.keyFile }),
    ...(options.tls === 'required' ? { 'require-secure-transport': 'ON' } : {}),
  };
}

/** `--no-defaults` and the settings as options, plus what a root process has to say. */
export function optionArguments(settings: ServerSettings): string[] {
  const asRoot = process.getuid?.() === 0 ? ['--user=root'] : [];
  return [
    '--no-defaults',
    ...asRoot,
    ...Object.entries(settings).map(([name, value]) => `--${name}=${value}`),
  ];
}

export function mysqlUrl(port: number, options: ServerOptions, tls: TlsFiles | undefined): string {
  const url = `mysql://${superuser}:${superuserPassword}@127.0.0.1:${port}/${defaultDatabase}`;
  return options.tls === 'required' && tls !== undefined
    ? `${url}?sslmode=verify-full&sslrootcert=${encodeURIComponent(tls.caFile)}`
    : url;
}

/** Connects without verifying the server's certificate, where the URL asks for TLS. */
export async function connectMysql(url: string): Promise<Connection> {
  const { hostname, port, username, password, pathname, searchParams } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: port === '' ? 3306 : Number(port),
    user: decodeURIComponent(username),
    password: decodeURIComponent(password),
    database: decodeURIComponent(pathname.slice(1)),
    connectTimeout: 5_000,
    ...(searchParams.has('sslmode') ? { ssl: { rejectUnauthorized: false } } : {}),
  });
  // A connection that breaks between two statements shows in the next statement.
  connection.on('error', () => undefined);
  return connection;
}

/** @returns the server's version, such as `9.7.4-2` or `10.11.14-MariaDB` */
export async function pingMysql(url: string): Promise<string> {
  const connection = await connectMysql(url);
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT version() AS version');
    return String(rows[0]?.['version']);
  } finally {
    connection.destroy();
  }
}
