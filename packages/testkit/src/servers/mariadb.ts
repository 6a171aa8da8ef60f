import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unpackedRoot } from './debian/unpack.js';
import { externalServer } from './external-server.js';
import { installedProgram } from './installed-program.js';
import { LocalServer } from './local-server.js';
import { missingServer } from './missing-server.js';
import {
  defaultDatabase,
  mysqlUrl,
  optionArguments,
  pingMysql,
  sharedSettings,
  superuser,
  superuserPassword,
} from './mysql-family.js';
import type { RunningServer, ServerOptions, ServerSettings } from './running-server.js';
import { ServerFolder } from './server-folder.js';
import { runToEnd } from './server-process.js';
import { createTlsFiles } from './tls-files.js';

const ways = {
  server: 'MariaDB 10.11',
  install: '"apt-get install mariadb-server" on Debian 12',
  composeService: 'mariadb',
  variable: 'TSMOLT_TEST_MARIADB_URL',
} as const;

interface MariadbProgram {
  readonly mariadbd: string;
  /** Holds the SQL that makes the system tables. */
  readonly share: string;
  /** Where its files are, if not where it was built to find them. */
  readonly settings: ServerSettings;
}

/** What `mariadb-install-db` feeds to `mariadbd --bootstrap`, in its order. */
const systemTables = [
  'mysql_system_tables.sql',
  'mysql_performance_tables.sql',
  'mysql_system_tables_data.sql',
  'fill_help_tables.sql',
  'maria_add_gis_sp_bootstrap.sql',
  'mysql_sys_schema.sql',
];

const beforeSystemTables = ['CREATE DATABASE mysql;', 'USE mysql;', 'SET @auth_root_socket = NULL;', ''].join(
  '\n',
);

const afterSystemTables = [
  // Otherwise root@127.0.0.1, without a password, stands before root@%.
  `DELETE FROM mysql.global_priv WHERE user = '${superuser}' AND host <> 'localhost';`,
  'FLUSH PRIVILEGES;',
  `ALTER USER '${superuser}'@'localhost' IDENTIFIED BY '${superuserPassword}';`,
  `CREATE USER '${superuser}'@'%' IDENTIFIED BY '${superuserPassword}';`,
  `GRANT ALL ON *.* TO '${superuser}'@'%' WITH GRANT OPTION;`,
  `CREATE DATABASE ${defaultDatabase};`,
  '',
].join('\n');

/**
 * Starts MariaDB 10.11 with a row-format binlog and strict GTIDs, or connects to the one that
 * `TSMOLT_TEST_MARIADB_URL` names.
 * @throws if it does not come up, or saying what would get it
 */
export async function startMariadb(options: ServerOptions = {}): Promise<RunningServer> {
  const source = { product: 'MariaDB', variable: ways.variable, ping: pingMysql } as const;
  return (await externalServer(source, options)) ?? startLocal(await mariadbProgram(), options);
}

async function startLocal(program: MariadbProgram, options: ServerOptions): Promise<RunningServer> {
  const folder = await ServerFolder.create('MariaDB', undefined);
  const tls = options.tls ? await createTlsFiles(await folder.makeFolder('tls'), superuser) : undefined;
  const settings = {
    ...program.settings,
    ...sharedSettings(folder, options, tls),
    'gtid-strict-mode': 'ON',
    'log-slave-updates': 'ON',
    ...options.settings,
  };
  return LocalServer.start({
    product: 'MariaDB',
    folder,
    tls,
    shutdownSignal: 'SIGTERM',
    abortSignal: 'SIGKILL',
    initialize: () => initialize(program, folder),
    command: (port) => ({
      executable: program.mariadbd,
      // Servers that replicate from each other need different ids.
      arguments: optionArguments({ 'server-id': port, ...settings, port }),
    }),
    url: (port) => mysqlUrl(port, options, tls),
    ping: pingMysql,
  });
}

async function initialize(program: MariadbProgram, folder: ServerFolder): Promise<void> {
  await folder.makeFolder('data');
  const tables = await Promise.all(systemTables.map((name) => readFile(join(program.share, name), 'utf8')));
  const settings = { ...program.settings, datadir: folder.dataDirectory, 'max-allowed-packet': '8M' };
  await runToEnd(
    { executable: program.mariadbd, arguments: [...optionArguments(settings), '--bootstrap'] },
    [beforeSystemTables, ...tables, afterSystemTables].join('\n'),
  );
}

async function mariadbProgram(): Promise<MariadbProgram> {
  const installed = await installedProgram('mariadbd', ['/usr/sbin'], /10\.11\..*MariaDB/);
  if (installed !== undefined) {
    return { mariadbd: installed, share: join(dirname(dirname(installed)), 'share/mysql'), settings: {} };
  }
  try {
    return await unpackedMariadb();
  } catch (cause) {
    throw missingServer(ways, cause);
  }
}

async function unpackedMariadb(): Promise<MariadbProgram> {
  const mariadbd = 'usr/sbin/mariadbd';
  const root = await unpackedRoot({
    suite: 'bookworm',
    package: 'mariadb-server-core',
    without: [],
    executables: [mariadbd],
  });
  const share = join(root, 'usr/share/mysql');
  const settings = {
    basedir: join(root, 'usr'),
    'lc-messages-dir': share,
    'character-sets-dir': join(share, 'charsets'),
    'plugin-dir': join(root, 'usr/lib/mysql/plugin'),
  };
  return { mariadbd: join(root, mariadbd), share, settings };
}
