import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a guard found.
 * @typedef {{ file: string, line: number, message: string }} Violation
 */

/**
 * The files of the repository by path, with the text of each.
 * @typedef {ReadonlyMap<string, string>} Workspace
 */

/**
 * One package: where it lies, its package.json and the folder's short name (`core` for `@tsmolt/core`).
 * @typedef {{ folder: string, short: string, manifest: Manifest }} Package
 * @typedef {{ name: string, version: string, private?: boolean, license?: string, files?: string[], bin?: Record<string, string> }} ManifestHead
 * @typedef {{ exports?: Record<string, { types?: string, default?: string }>, engines?: Record<string, string> }} ManifestBody
 * @typedef {Record<'dependencies' | 'devDependencies' | 'peerDependencies' | 'optionalDependencies', Record<string, string>>} Dependencies
 * @typedef {ManifestHead & ManifestBody & Partial<Dependencies>} Manifest
 */

/**
 * Reads every text file that is tracked or could be: what git ignores is no part of the repository.
 * @param {string} root
 * @returns {Workspace}
 */
export function readWorkspace(root) {
  const listing = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const names = execFileSync('git', listing, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 26 }).split('\0');
  const present = [...new Set(names)].filter((name) => name !== '' && existsSync(join(root, name)));
  const entries = present.map(
    (name) => /** @type {const} */ ([name, readFileSync(join(root, name), 'utf8')]),
  );
  return new Map(entries.filter(([, text]) => !text.includes('\0')));
}

/**
 * @param {Workspace} workspace
 * @returns {Package[]}
 */
export function packagesOf(workspace) {
  return [...workspace].flatMap(([file, text]) => {
    const folder = /^(packages\/[^/]+|demo|benchmarks)\/package\.json$/.exec(file)?.[1];
    if (folder === undefined) return [];
    return [{ folder, short: folder.replace('packages/', ''), manifest: manifestOf(text) }];
  });
}

/**
 * @param {string | undefined} text
 * @returns {Manifest}
 */
export function manifestOf(text) {
  return /** @type {Manifest} */ (JSON.parse(text ?? '{}'));
}

/**
 * The package that a file belongs to.
 * @param {readonly Package[]} packages
 * @param {string} file
 */
export function packageOf(packages, file) {
  return packages.find(({ folder }) => file.startsWith(`${folder}/`));
}

/**
 * Code that runs only in tests, in the demo and in benchmarks: it stands above all floors.
 * @param {string} file
 */
export function isTestCode(file) {
  return /\.test\.m?ts$|(^|\/)test\/|^demo\/|^benchmarks\//.test(file);
}

/**
 * Lines that hold code: comments are blanked, so that line numbers stay.
 * @param {string} text
 */
export function codeLines(text) {
  return text.split('\n').map((line) => (/^\s*(\/\/|\/?\*)/.test(line) ? '' : line));
}

/**
 * The number of the line that first holds a text, 1 if none does.
 * @param {string} text
 * @param {string} sought
 */
export function lineOf(text, sought) {
  return (
    Math.max(
      text.split('\n').findIndex((line) => line.includes(sought)),
      0,
    ) + 1
  );
}
