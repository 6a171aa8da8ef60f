import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The user that a process runs as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account for servers that refuse to run as root: `postgres`, else `nobody`.
 * @returns `undefined` where this process is not root: its children then run as it does.
 */
export async function unprivilegedAccount(): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  return (await accountOf('postgres')) ?? (await accountOf('nobody'));
}

async function accountOf(name: string): Promise<Account | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}

/** Whether every user can reach `path`, that is, may pass through all folders above it (`/root` often forbids that). */
export async function reachableByAll(path: string): Promise<boolean> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode } = await stat(folder);
    if ((mode & 0o001) === 0) return false;
    if (folder === dirname(folder)) return true;
  }
}
