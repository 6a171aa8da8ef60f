import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { reachableByAll, unprivilegedAccount } from './account.js';
import { externalServer } from './external-server.js';
import { LocalServer } from './local-server.js';
import { embeddedPostgres, postgres15, postgres15Ways, postgresVariable } from './postgres-programs.js';
import type { EmbeddedVersion, PostgresPrograms } from './postgres-programs.js';
import type { RunningServer, ServerOptions, ServerSettings } from './running-server.js';
import { ServerFolder } from './server-folder.js';
import { runToEnd } from './server-process.js';
import { createTlsFiles } from './tls-files.js';
import type { TlsFiles } from './tls-files.js';

export interface PostgresOptions extends ServerOptions {
  /** Lines for the top of `pg_hba.conf`, where the first match decides: `hostssl all app 127.0.0.1/32 cert`. */
  readonly hba?: readonly string[];
  /** More arguments of `initdb`, such as `--locale=C.UTF-8` (default `--encoding=UTF8 --locale=C`). */
  readonly initdbArguments?: readonly string[];
}

const user = 'postgres';
const password = 'password';

const defaultSettings: ServerSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: 200,
  shared_buffers: '64MB',
  wal_level: 'logical',
  max_wal_senders: 40,
  max_replication_slots: 40,
  max_logical_replication_workers: 20,
  max_worker_processes: 40,
  jit: 'off',
  timezone: 'UTC',
  log_timezone: 'UTC',
};

/** A crash of the process loses nothing with these: the operating system has what was written. */
const undurableSettings: ServerSettings = { fsync: 'off', full_page_writes: 'off' };

/**
 * Starts PostgreSQL 18, or connects to the one that `TSMOLT_TEST_POSTGRES_URL` names.
 * @throws if it does not come up
 */
export async function startPostgres18(options: PostgresOptions = {}): Promise<RunningServer> {
  return startPostgres('18', options);
}

/**
 * Starts PostgreSQL of a version, or connects to the one that a variable names: `TSMOLT_TEST_POSTGRES12_URL`.
 * @throws if it does not come up, or there is none for this platform
 */
export async function startPostgres(
  version: EmbeddedVersion,
  options: PostgresOptions = {},
): Promise<RunningServer> {
  const variable = postgresVariable(version);
  const source = { product: 'PostgreSQL', variable, ping: pingPostgres } as const;
  return (await externalServer(source, options)) ?? startLocal(await embeddedPostgres(version), options);
}

/** Why `startPostgres` cannot start this version on this machine; `undefined` where it can. */
export async function missingPostgres(version: EmbeddedVersion): Promise<string | undefined> {
  if ((process.env[postgresVariable(version)] ?? '') !== '') return undefined;
  try {
    await embeddedPostgres(version);
    return undefined;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

/**
 * Starts PostgreSQL 15, or connects to the one that `TSMOLT_TEST_POSTGRES15_URL` names.
 * @throws if it does not come up, or saying what would get it
 */
export async function startPostgres15(options: PostgresOptions = {}): Promise<RunningServer> {
  const source = { product: 'PostgreSQL', variable: postgres15Ways.variable, ping: pingPostgres } as const;
  return (await externalServer(source, options)) ?? startLocal(await postgres15(), options);
}

/** Fills the data directory of a new server. */
type Initialize = (bin: string, folder: ServerFolder, options: PostgresOptions) => Promise<void>;

/** Starts a server of our own. @param initialize `initdb` by default */
export async function startLocal(
  programs: PostgresPrograms,
  options: PostgresOptions,
  initialize: Initialize = initializeEmpty,
): Promise<RunningServer> {
  if (process.platform === 'win32')
    throw new Error('test servers are not started on Windows; name one by its URL');
  // PostgreSQL refuses to run as root.
  const account = await unprivilegedAccount();
  const folder = await ServerFolder.create('PostgreSQL', account);
  const bin = await runnablePrograms(programs, folder);
  const tls = options.tls ? await tlsFiles(folder) : undefined;
  const settings = settingsOf(options, tls);
  return LocalServer.start({
    product: 'PostgreSQL',
    folder,
    tls,
    shutdownSignal: 'SIGINT',
    abortSignal: 'SIGQUIT',
    initialize: () => initialize(bin, folder, options),
    command: (port) => ({
      executable: join(bin, 'postgres'),
      arguments: ['-D', folder.dataDirectory, ...settingArguments({ ...settings, port })],
      account,
    }),
    url: (port) => `postgres://${user}:${password}@127.0.0.1:${port}/postgres${tlsQuery(options, tls)}`,
    ping: pingPostgres,
  });
}

/** The programs' folder, or a copy in the server's own folder where the server's user cannot reach them. */
async function runnablePrograms(programs: PostgresPrograms, folder: ServerFolder): Promise<string> {
  if (folder.account === undefined || (await reachableByAll(join(programs.root, 'any')))) {
    return join(programs.root, programs.bin);
  }
  const copy = join(folder.path, 'programs');
  await cp(programs.root, copy, { recursive: true, verbatimSymlinks: true });
  return join(copy, programs.bin);
}

async function initializeEmpty(bin: string, folder: ServerFolder, options: PostgresOptions): Promise<void> {
  const passwordFile = await folder.writeFile('password', password);
  const locale = ['--encoding=UTF8', '--locale=C'];
  const login = [`--username=${user}`, `--pwfile=${passwordFile}`, '--auth=scram-sha-256'];
  const speed = options.durable ? [] : ['--no-sync'];
  await runToEnd({
    executable: join(bin, 'initdb'),
    arguments: [
      '-D',
      folder.dataDirectory,
      ...locale,
      ...login,
      ...speed,
      ...(options.initdbArguments ?? []),
    ],
    account: folder.account,
  });
  await folder.writeFile(join('data', 'pg_hba.conf'), hostBasedAuthentication(options));
}

function hostBasedAuthentication(options: PostgresOptions): string {
  const type = options.tls === 'required' ? 'hostssl' : 'host';
  const lines = ['all', 'replication'].map(
    (database) => `${type} ${database} all 127.0.0.1/32 scram-sha-256`,
  );
  return `${[...(options.hba ?? []), ...lines].join('\n')}\n`;
}

async function tlsFiles(folder: ServerFolder): Promise<TlsFiles> {
  const files = await createTlsFiles(await folder.makeFolder('tls'), user);
  await folder.own(files.keyFile);
  return files;
}

function settingsOf(options: PostgresOptions, tls: TlsFiles | undefined): ServerSettings {
  return {
    ...defaultSettings,
    ...(options.durable ? {} : undurableSettings),
    ...(tls === undefined
      ? {}
      : {
          ssl: 'on',
          ssl_ca_file: tls.caFile,
          ssl_cert_file: tls.certificateFile,
          ssl_key_file: tls.keyFile,
        }),
    ...options.settings,
  };
}

function settingArguments(settings: ServerSettings): string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

function tlsQuery(options: PostgresOptions, tls: TlsFiles | undefined): string {
  if (options.tls !== 'required' || tls === undefined) return '';
  return `?sslmode=verify-full&sslrootcert=${encodeURIComponent(tls.caFile)}`;
}

/** @returns the server's version, such as `18.4` */
async function pingPostgres(url: string): Promise<string> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  // A connection that breaks after the answer is nobody's business.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ server_version: string }>('SHOW server_version');
    return rows[0]?.server_version ?? '';
  } finally {
    await client.end();
  }
}
