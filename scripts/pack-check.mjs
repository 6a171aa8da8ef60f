import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packagesOf, readWorkspace } from './guards/workspace.mjs';

/**
 * What npm would publish of each public package: `npm run pack:check`, after a build. Prints one line a package, and
 * for every fault what to do about it.
 *
 * @typedef {{ filename: string, unpackedSize: number, files: { path: string }[] }} Packed
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const required = ['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts'];
const forbidden = /\.test\.|(^|\/)test\/|^src\/|tsbuildinfo|tsconfig|(^|\/)\.|node_modules\//;

/**
 * @param {string} folder
 * @returns {Packed}
 */
function pack(folder) {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts', '--silent'];
  const output = execFileSync('npm', args, { cwd: join(root, folder), encoding: 'utf8' });
  const parsed = /** @type {Packed[] | Record<string, Packed>} */ (JSON.parse(output));
  const [packed] = Object.values(parsed);
  if (packed === undefined) throw new Error(`npm pack said nothing about ${folder}`);
  return packed;
}

/**
 * @param {string} folder
 * @param {readonly string[]} paths
 */
function contentFaults(folder, paths) {
  const missing = required.filter((path) => !paths.includes(path));
  const strange = paths.filter((path) => forbidden.test(path));
  // A declaration or map whose source is gone is left over from before a rename.
  const stale = paths.filter((path) => /^dist\/.*\.js$/.test(path) && !isFile(join(folder, sourceOf(path))));
  return [
    ...missing.map(
      (path) => `${path} is missing: ${path.startsWith('dist/') ? 'npm run build' : 'add the file'}`,
    ),
    ...strange.map((path) => `${path} must not be published: exclude it in "files"`),
    ...stale.map((path) => `${path} has no source any more: remove ${folder}/dist and build again`),
  ];
}

/** @param {string} path */
function sourceOf(path) {
  return path.replace('dist/', 'src/').replace(/\.js$/, '.ts');
}

/** @param {string} path */
function isFile(path) {
  return statSync(join(root, path), { throwIfNoEntry: false })?.isFile() ?? false;
}

/**
 * @param {string} folder
 * @param {Record<string, string>} programs
 */
function programFaults(folder, programs) {
  return Object.entries(programs).flatMap(([name, path]) => {
    const file = join(folder, path);
    if (!isFile(file)) return [`${name} is to run ${path}, which is missing: npm run build`];
    const hasShebang = readFileSync(join(root, file), 'utf8').startsWith('#!/usr/bin/env node\n');
    return hasShebang ? [] : [`${path} must start with #!/usr/bin/env node: add it to its source`];
  });
}

/** @param {string} folder */
async function publishingFaults(folder) {
  const { messages, pkg } = await publint({ pkgDir: join(root, folder), strict: true });
  return messages.map((message) => formatMessage(message, pkg, { color: false }) ?? message.code);
}

let faultCount = 0;
for (const { folder, manifest } of packagesOf(readWorkspace(root))) {
  if (manifest.private === true) continue;
  const { files, unpackedSize } = pack(folder);
  const contents = contentFaults(
    folder,
    files.map(({ path }) => path),
  );
  const faults = [
    ...contents,
    ...programFaults(folder, manifest.bin ?? {}),
    ...(await publishingFaults(folder)),
  ];
  console.log(
    `${manifest.name}: ${files.length} files, ${Math.ceil(unpackedSize / 1024)} kB, ${faults.length} faults`,
  );
  for (const fault of faults) console.error(`${folder}: ${fault}`);
  faultCount += faults.length;
}
process.exitCode = faultCount === 0 ? 0 : 1;
