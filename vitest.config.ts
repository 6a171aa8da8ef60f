import { readdirSync, readFileSync, statfsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer } from 'vitest/node';
import type { TestSpecification } from 'vitest/node';

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

/**
 * Files that take longest, in the order in which they start. Those that keep both cores busy by themselves stand between
 * those that mostly wait: for leases, timeouts and servers that come back.
 */
const longestFiles = [
  'test/fetch/selection.scenarios.test.ts',
  'test/replicate/chaos/mysql.test.ts',
  'test/fetch/kill/continuation.test.ts',
  'test/fetch/storage-faults.test.ts',
  'test/verify/continuation.test.ts',
  'test/fetch/files.scenarios.test.ts',
  'test/fetch/kill/mysql.test.ts',
  'test/verify/statement-timeout.test.ts',
  'test/replicate/chaos/postgres.test.ts',
  'test/replicate/chaos/takeover.test.ts',
  'test/fetch/schema.scenarios.test.ts',
  'packages/storage/test/service-faults.test.ts',
  'test/fetch/memory.test.ts',
  'test/fetch/kill/import.test.ts',
  'test/fetch/values.scenarios.test.ts',
  'test/replicate/mysql-source.test.ts',
  'test/userscript/failures.test.ts',
  'test/fetch/commands.scenarios.test.ts',
  'test/fetch/kill/lost-jobs.test.ts',
  'test/fetch/kill/copy.test.ts',
  'test/verify/live-replication.test.ts',
  'test/verify/scale.test.ts',
  'test/versions/postgres.test.ts',
  'test/replicate/altered-meanwhile.test.ts',
];

/** Starts the longest files first, so that a run does not end with one worker at work on the last of them. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const index = longestFiles.findIndex((file) => moduleId.endsWith(`/${file}`));
      return index === -1 ? longestFiles.length : index;
    };
    const usual = await BaseSequencer.prototype.sort.call(this, files);
    return usual.toSorted((left, right) => place(left) - place(right));
  }
}

export default defineConfig({
  resolve: { alias: aliases },
  test: {
    pool: 'forks',
    // On two cores: most files wait for one process at a time, and two of them do not keep two cores busy.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
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
          // More than a second of each file went into a process of its own that imported the same modules again.
          isolate: false,
          setupFiles: ['packages/testkit/src/servers/vitest-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // A busy machine can be late once. What needed the second try is named at the end of the run, never hidden.
          retry: process.env.CI === undefined ? 0 : 1,
        },
      },
    ],
  },
});
