import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pathExists } from '../path-exists.js';
import { debianArchive } from './apt-sources.js';

const run = promisify(execFile);
const keyring = '/usr/share/keyrings/debian-archive-keyring.gpg';

/**
 * apt with its lists and downloads in a folder of our own: the system's package state is neither read nor changed, no
 * root is needed, and apt still checks signatures and checksums and goes through the machine's proxy.
 */
export class PrivateApt {
  readonly #folder: string;
  readonly #suite: string;

  constructor(folder: string, suite: string) {
    this.#folder = folder;
    this.#suite = suite;
  }

  /**
   * Downloads the suite's package index.
   * @returns the index's path
   */
  async update(): Promise<string> {
    await this.#configure();
    await this.#aptGet(['update'], this.#folder);
    const { stdout } = await this.#aptGet(
      ['indextargets', '--format', '$(FILENAME)', 'Identifier: Packages'],
      this.#folder,
    );
    const index = stdout.trim().split('\n')[0];
    if (!index) throw new Error(`apt could not get the package index of Debian ${this.#suite}`);
    return index;
  }

  /** Downloads packages by name into `directory`, after `update()`. */
  async download(packages: readonly string[], directory: string): Promise<void> {
    await this.#aptGet(['download', ...packages], directory);
  }

  async #configure(): Promise<void> {
    await mkdir(join(this.#folder, 'state/lists/partial'), { recursive: true });
    await mkdir(join(this.#folder, 'cache/archives/partial'), { recursive: true });
    await writeFile(join(this.#folder, 'status'), '');
    await writeFile(join(this.#folder, 'sources.list'), await this.#source());
    await writeFile(join(this.#folder, 'apt.conf'), await this.#configuration());
  }

  async #source(): Promise<string> {
    const archive = await debianArchive();
    const signedBy = (await pathExists(keyring)) ? `[signed-by=${keyring}] ` : '';
    return `deb ${signedBy}${archive} ${this.#suite} main\n`;
  }

  async #configuration(): Promise<string> {
    const { stdout } = await run('apt-config', ['dump']);
    // How the machine reaches its mirror: proxy, certificates, checks.
    const acquire = stdout.split('\n').filter((line) => /^Acquire::(?!IndexTargets)/.test(line));
    const folder = this.#folder;
    return [
      ...acquire,
      'Acquire::Languages "none";',
      'Acquire::GzipIndexes "false";',
      'APT::Sandbox::User "";',
      'Dir::Etc::main "/dev/null";',
      'Dir::Etc::parts "/dev/null";',
      'Dir::Etc::sourceparts "/dev/null";',
      'Dir::Etc::preferences "/dev/null";',
      'Dir::Etc::preferencesparts "/dev/null";',
      `Dir::Etc::sourcelist "${folder}/sources.list";`,
      `Dir::State "${folder}/state";`,
      `Dir::State::lists "${folder}/state/lists";`,
      `Dir::State::status "${folder}/status";`,
      `Dir::Cache "${folder}/cache";`,
      `Dir::Cache::archives "${folder}/cache/archives";`,
      '',
    ].join('\n');
  }

  async #aptGet(options: readonly string[], directory: string): Promise<{ stdout: string }> {
    const env = { ...process.env, APT_CONFIG: join(this.#folder, 'apt.conf') };
    return run('apt-get', ['-q', ...options], { env, cwd: directory, maxBuffer: 16 * 1024 * 1024 });
  }
}
