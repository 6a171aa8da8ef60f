import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const packagesFolder = fileURLToPath(new URL('packages', import.meta.url));

/** Tests run against the sources of every package, so that a failure names the line that was written. */
const aliases = [
  ...readdirSync(packagesFolder).map((folder) => ({
    find: folder === 'tsmolt' ? /^tsmolt$/ : new RegExp(`^@tsmolt/${folder}$`),
    replacement: `${packagesFolder}/${folder}/src/index.ts`,
  })),
  { find: /^@tsmolt\/testkit\/contracts$/, replacement: `${packagesFolder}/testkit/src/contracts/index.ts` },
];

const memoryFolder = '/dev/shm';
const roomWanted = 6 * 1024 ** 3;

/**
 * Whether temporary files can be in memory. Tests make and drop thousands of databases, each hundreds of files, which
 * a disk's file system takes many times as long for. Containers often have too little room there or forbid programs.
 */
function hasRoomInMemory(): boolean {
  try {
    const { bavail, bsize } = statfsSync(memoryFolder);
    const mount = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .find((line) => line.split(' ')[1] === memoryFolder);
    return bavail * bsize >= roomWanted && mount !== undefined && !/\bnoexec\b/.test(mount);
  } catch {
    return false;
  }
}

if (process.env.TMPDIR === undefined && hasRoomInMemory()) process.env.TMPDIR = memoryFolder;

export default defineConfig({
  resolve: { alias: aliases },
  test: {
    pool: 'forks',
    maxWorkers: 2,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'scripts/**/*.test.{ts,mjs}'],
          // Nothing in them outlives a file: importing the same modules for each took longer than all the tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'servers',
          include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
          globalSetup: ['packages/testkit/src/servers/vitest-global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // A busy machine can be late once. What needed the second try is named at the end of the run, never hidden.
          retry: process.env.CI === undefined ? 0 : 1,
        },
      },
    ],
  },
});
