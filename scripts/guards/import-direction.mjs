import { posix } from 'node:path';
import { importsOf } from './imports.mjs';
import { isTestCode, packageOf, packagesOf } from './workspace.mjs';

/** @import { Package, Violation, Workspace } from './workspace.mjs' */

/** The floors of the house: what the code of each package may import. Arrows go down only. */
const floors = /** @type {Readonly<Record<string, readonly string[] | 'everything'>>} */ ({
  core: [],
  pgwire: ['core'],
  storage: ['core'],
  userscript: ['core'],
  postgres: ['core', 'pgwire'],
  cockroachdb: ['core', 'pgwire'],
  mysql: ['core', 'pgwire'],
  oracle: ['core', 'pgwire'],
  fetch: ['core'],
  verify: ['core'],
  replicator: ['core'],
  webhook: ['core', 'replicator'],
  tsmolt: 'everything',
  testkit: 'everything',
  demo: 'everything',
  benchmarks: 'everything',
});

/**
 * Imports between packages go down the floors, through each package's front door.
 * @param {Workspace} workspace
 * @returns {Violation[]}
 */
export function importDirection(workspace) {
  const packages = packagesOf(workspace);
  const found = [...workspace].filter(([file]) =>
    /^(packages|demo|benchmarks|test)\/.*\.[cm]?[jt]s$/.test(file),
  );
  return found.flatMap(([file, text]) =>
    importsOf(text).flatMap(({ specifier, line }) => {
      const message = deepImport(file, specifier) ?? wrongFloor(packageOf(packages, file), file, specifier);
      return message === undefined ? [] : [{ file, line, message }];
    }),
  );
}

/** The one package with a second door: its contract suites import vitest, which no other program than a test may. */
const contractSuites = '@tsmolt/testkit/contracts';

/**
 * @param {string} file
 * @param {string} specifier
 */
function deepImport(file, specifier) {
  const frontDoor = 'import the package by its name, and export what you need from its src/index.ts';
  if (/^(@tsmolt\/[^/]+|tsmolt)\/(?!package\.json$)/.test(specifier) && specifier !== contractSuites)
    return `${specifier} reaches into a package: ${frontDoor}`;
  if (!specifier.startsWith('.')) return undefined;
  const target = posix.join(posix.dirname(file), specifier);
  const [here, there] = [file, target].map((path) => /^(packages\/[^/]+|demo|benchmarks)\//.exec(path)?.[1]);
  return there !== undefined && there !== here
    ? `${specifier} reaches into ${there}: ${frontDoor}`
    : undefined;
}

/**
 * @param {Package | undefined} importer
 * @param {string} file
 * @param {string} specifier
 */
function wrongFloor(importer, file, specifier) {
  const target = specifier === 'tsmolt' ? specifier : /^@tsmolt\/([^/]+)/.exec(specifier)?.[1];
  if (target === undefined || importer === undefined || isTestCode(file)) return undefined;
  return target === importer.short ? undefined : upwardImport(importer.short, target);
}

/**
 * @param {string} from
 * @param {string} target
 */
function upwardImport(from, target) {
  const allowed = floors[from];
  if (target === 'testkit')
    return 'only tests, demo and benchmarks may use testkit: move what you need to core';
  if (allowed === undefined)
    return `${from} has no floor yet: add it to the table in scripts/guards/import-direction.mjs`;
  if (allowed === 'everything' || allowed.includes(target)) return undefined;
  const may = allowed.length === 0 ? 'no other package' : allowed.join(' and ');
  return `${from} may import ${may}, not ${target}: put a port or a capability flag into core, and let packages/tsmolt connect the two`;
}
