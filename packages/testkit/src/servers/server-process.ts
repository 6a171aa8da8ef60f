import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { Account } from './account.js';
import { killTree, signalIfAlive } from './process-tree.js';

export interface Command {
  readonly executable: string;
  readonly arguments: readonly string[];
  /** Added to this process's environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly account?: Account | undefined;
  readonly directory?: string;
}

/** PostgreSQL waits for its replication clients, and a test's may never answer. */
const shutdownLimitMs = 10_000;

/** One run of a server's executable. It does not keep this process alive. */
export class ServerProcess {
  readonly pid: number;
  readonly exited: Promise<void>;
  #running = true;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, pid: number) {
    this.#child = child;
    this.pid = pid;
    this.exited = new Promise((resolve) => {
      child.once('exit', () => {
        this.#running = false;
        resolve();
      });
    });
    child.unref();
  }

  /**
   * @param logFile where standard output and error go, appended
   * @throws if the executable cannot be run
   */
  static async spawn(command: Command, logFile: string): Promise<ServerProcess> {
    const log = openSync(logFile, 'a');
    try {
      const child = spawn(command.executable, command.arguments, {
        ...spawnOptions(command),
        stdio: ['ignore', log, log],
      });
      await spawned(child);
      return new ServerProcess(child, child.pid ?? 0);
    } finally {
      closeSync(log);
    }
  }

  get running(): boolean {
    return this.#running;
  }

  /** Asks the process to end and waits; after 10 seconds it is killed. */
  async end(signal: NodeJS.Signals): Promise<void> {
    if (!this.#running) return;
    this.#child.ref();
    signalIfAlive(this.pid, signal);
    const patience = new AbortController();
    const late = delay(shutdownLimitMs, true, { signal: patience.signal }).catch(() => false);
    if (await Promise.race([this.exited, late])) await this.kill();
    patience.abort();
  }

  async kill(): Promise<void> {
    if (!this.#running) return;
    this.#child.ref();
    await killTree(this.pid);
    await this.exited;
  }
}

/**
 * Runs a command to its end.
 * @param input what it reads from standard input
 * @throws with the end of its output if it fails
 */
export async function runToEnd(command: Command, input = ''): Promise<void> {
  const child = spawn(command.executable, command.arguments, { ...spawnOptions(command), stdio: 'pipe' });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  // A command that ends without reading all its input says why in its output.
  child.stdin.on('error', () => undefined).end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  if (code !== 0) throw new Error(`${command.executable} ended with ${code}:\n${lastLines(output)}`);
}

/** The end of a server's log, for an error message. */
export async function logTail(logFile: string): Promise<string> {
  return lastLines(await readFile(logFile, 'utf8').catch(() => ''));
}

function lastLines(text: string): string {
  return text.trimEnd().split('\n').slice(-20).join('\n');
}

function spawnOptions(command: Command) {
  return {
    env: { ...process.env, ...command.environment },
    cwd: command.directory ?? '/',
    // Ctrl-C in a terminal goes to the test program alone, which decides what happens to its servers.
    detached: true,
    ...command.account,
  };
}

async function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('spawn', resolve);
  });
}
