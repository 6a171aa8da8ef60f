import { join } from 'node:path';
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
  server: 'MySQL 9.7',
  // Not Debian's package: on a stable Debian it would replace libc.
  install: 'MySQL 9.7 from its maker, with mysqld in PATH',
  composeService: 'mysql',
  variable: 'TSMOLT_TEST_MYSQL_URL',
} as const;

interface MysqlProgram {
  readonly mysqld: string;
  /** Where its files are, if not where it was built to find them. */
  readonly settings: ServerSettings;
}

/** One statement a line, as `--init-file` wants it. */
const initialStatements = [
  `ALTER USER '${superuser}'@'localhost' IDENTIFIED BY '${superuserPassword}';`,
  `CREATE USER '${superuser}'@'%' IDENTIFIED BY '${superuserPassword}';`,
  `GRANT ALL ON *.* TO '${superuser}'@'%' WITH GRANT OPTION;`,
  `CREATE DATABASE ${defaultDatabase};`,
  '',
].join('\n');

/**
 * Starts MySQL 9.7 with a row-format binlog and GTIDs, or connects to the one that `TSMOLT_TEST_MYSQL_URL` names.
 * @throws if it does not come up, or saying what would get it
 */
export async function startMysql(options: ServerOptions = {}): Promise<RunningServer> {
  const source = { product: 'MySQL', variable: ways.variable, ping: pingMysql } as const;
  return (await externalServer(source, options)) ?? startLocal(await mysqlProgram(), options);
}

async function startLocal(program: MysqlProgram, options: ServerOptions): Promise<RunningServer> {
  const folder = await ServerFolder.create('MySQL', undefined);
  const tls = options.tls ? await createTlsFiles(await folder.makeFolder('tls'), superuser) : undefined;
  const settings = {
    ...program.settings,
    ...sharedSettings(folder, options, tls),
    'gtid-mode': 'ON',
    'enforce-gtid-consistency': 'ON',
    mysqlx: 'OFF',
    'secure-file-priv': 'NULL',
    ...options.settings,
  };
  return LocalServer.start({
    product: 'MySQL',
    folder,
    tls,
    shutdownSignal: 'SIGTERM',
    abortSignal: 'SIGKILL',
    initialize: async () => {
      const initFile = await folder.writeFile('init.sql', initialStatements);
      await runToEnd({
        executable: program.mysqld,
        arguments: [...optionArguments({ ...settings, 'init-file': initFile }), '--initialize-insecure'],
      });
    },
    command: (port) => ({
      executable: program.mysqld,
      // Servers that replicate from each other need different ids.
      arguments: optionArguments({ 'server-id': port, ...settings, port }),
    }),
    url: (port) => mysqlUrl(port, options, tls),
    ping: pingMysql,
  });
}

async function mysqlProgram(): Promise<MysqlProgram> {
  const installed = await installedProgram('mysqld', ['/usr/sbin'], /Ver 9\.7\./);
  if (installed !== undefined) return { mysqld: installed, settings: {} };
  try {
    return await unpackedMysql();
  } catch (cause) {
    throw missingServer(ways, cause);
  }
}

async function unpackedMysql(): Promise<MysqlProgram> {
  const mysqld = 'usr/sbin/mysqld';
  const root = await unpackedRoot({
    suite: 'sid',
    package: 'mysql-server-core',
    without: ['perl'],
    executables: [mysqld],
  });
  const settings = {
    basedir: join(root, 'usr'),
    'lc-messages-dir': join(root, 'usr/share/mysql'),
    'character-sets-dir': join(root, 'usr/share/mysql/charsets'),
    'plugin-dir': join(root, 'usr/lib/mysql/plugin'),
  };
  return { mysqld: join(root, mysqld), settings };
}
