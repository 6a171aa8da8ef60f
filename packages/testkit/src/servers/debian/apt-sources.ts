import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Names the Debian archive to use where the machine's own apt knows none (Ubuntu, say). */
const archiveVariable = 'TSMOLT_TEST_DEBIAN_ARCHIVE';

/**
 * The base address of a Debian archive: the one this machine's own apt configuration uses.
 * @throws if there is none
 */
export async function debianArchive(): Promise<string> {
  const chosen = process.env[archiveVariable] ?? chooseArchive(await configuredRepositories());
  if (chosen !== undefined) return chosen;
  throw new Error(
    `apt on this machine has no Debian archive among its sources; ${archiveVariable} can name one`,
  );
}

/**
 * Picks the main Debian archive out of apt's repositories; the security archive and other vendors' are not it.
 * @param repositories base addresses, one a line
 */
export function chooseArchive(repositories: string): string | undefined {
  const addresses = repositories.split('\n').map((line) => line.trim());
  return addresses.find((address) => /\/debian\/?$/.test(address));
}

async function configuredRepositories(): Promise<string> {
  const format = ['--format', '$(REPO_URI)', 'Identifier: Packages'];
  // Without release info, because a slim machine may never have run `apt-get update`.
  const { stdout } = await run('apt-get', ['indextargets', '--no-release-info', ...format]);
  return stdout;
}
