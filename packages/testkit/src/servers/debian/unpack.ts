import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { pathExists } from '../path-exists.js';
import { dependencyClosure, readPackagesIndex } from './packages-index.js';
import { PrivateApt } from './private-apt.js';
import { wrapExecutable } from './wrap-executable.js';

const run = promisify(execFile);

export interface UnpackRequest {
  /** A Debian suite, such as `bookworm`. */
  readonly suite: string;
  readonly package: string;
  /** Dependencies that running the executables does not need. */
  readonly without: readonly string[];
  /** Paths below the root, without a leading slash, of what will be run. */
  readonly executables: readonly string[];
}

/**
 * Unpacks a package and what it needs into the cache folder, once; nothing is installed into the system.
 *
 * Safe to call from several processes at once: each unpacks for itself, and the first to finish wins.
 * @returns the folder that stands for `/`
 * @throws if apt or dpkg-deb is missing or a package cannot be had
 */
export async function unpackedRoot(request: UnpackRequest): Promise<string> {
  const target = join(cacheFolder(), `debian-${request.suite}-${request.package}-${process.arch}`);
  if (await pathExists(target)) return target;
  await mkdir(cacheFolder(), { recursive: true });
  const workspace = await mkdtemp(`${target}.`);
  try {
    const root = await unpack(request, workspace);
    await rename(root, target).catch(async (error: unknown) => {
      // Another process was faster; its copy is as good.
      if (!(await pathExists(target))) throw error;
    });
    return target;
  } finally {
    await rm(workspace, { recursive: true, force: true });
  }
}

/** `TSMOLT_TEST_CACHE`, else `tsmolt-testkit` in the user's cache folder. */
export function cacheFolder(): string {
  const { TSMOLT_TEST_CACHE, XDG_CACHE_HOME } = process.env;
  return TSMOLT_TEST_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tsmolt-testkit');
}

async function unpack(request: UnpackRequest, workspace: string): Promise<string> {
  const apt = new PrivateApt(workspace, request.suite);
  const lines = createInterface({ input: createReadStream(await apt.update()), crlfDelay: Infinity });
  const index = await readPackagesIndex(lines);
  const packages = dependencyClosure(index, [request.package], new Set(request.without));
  const downloads = join(workspace, 'downloads');
  const root = join(workspace, 'root');
  await mkdir(downloads);
  await mkdir(root);
  await apt.download(packages, downloads);
  const archives = (await readdir(downloads)).toSorted();
  for (const archive of archives) await run('dpkg-deb', ['--extract', join(downloads, archive), root]);
  for (const executable of request.executables) await wrapExecutable(root, executable);
  await writeFile(join(root, 'packages.txt'), `${archives.join('\n')}\n`);
  return root;
}
