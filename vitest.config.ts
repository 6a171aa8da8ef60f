import { readdirSync } from 'node:fs';
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
