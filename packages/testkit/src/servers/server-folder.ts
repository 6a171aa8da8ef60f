import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Account } from './account.js';

/** One server's temporary folder: data, log, certificates, and copies of programs its user could not reach. */
export class ServerFolder {
  readonly path: string;
  readonly account: Account | undefined;

  private constructor(path: string, account: Account | undefined) {
    this.path = path;
    this.account = account;
  }

  /** @param account who must be able to write in it; `undefined` for this process's own user */
  static async create(product: string, account: Account | undefined): Promise<ServerFolder> {
    const folder = new ServerFolder(
      await mkdtemp(join(tmpdir(), `tsmolt-${product.toLowerCase()}-`)),
      account,
    );
    await folder.own(folder.path);
    return folder;
  }

  get dataDirectory(): string {
    return join(this.path, 'data');
  }

  get logFile(): string {
    return join(this.path, 'server.log');
  }

  /** Writes a file that only the server's user can read. */
  async writeFile(name: string, text: string): Promise<string> {
    const file = join(this.path, name);
    await writeFile(file, text, { mode: 0o600 });
    await this.own(file);
    return file;
  }

  async makeFolder(name: string): Promise<string> {
    const folder = join(this.path, name);
    await mkdir(folder);
    await chmod(folder, 0o700);
    await this.own(folder);
    return folder;
  }

  async own(path: string): Promise<void> {
    if (this.account !== undefined) await chown(path, this.account.uid, this.account.gid);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 5 });
  }
}
