import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** As long as tsmolt may take to tidy up after Ctrl-C, which the terminal sends to it too. */
const patienceMs = 2_000;

/** The command as it could be typed: one flag a line, quoted where the shell would read something into it. */
export function commandText(args: readonly string[]): string {
  const words = args.map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`));
  return `npx tsmolt ${words.join(' ').replaceAll(' --', ' \\\n    --')}`;
}

/** Runs the real command line on this terminal. @throws the signal's reason if it fires, an error if tsmolt fails */
export async function runTsmolt(args: readonly string[], signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [await binary(), ...args], { stdio: 'inherit' });
  const patience = { term: undefined as NodeJS.Timeout | undefined };
  signal.addEventListener('abort', () => {
    patience.term = setTimeout(() => child.kill('SIGTERM'), patienceMs);
  });
  try {
    const code = await exitOf(child);
    signal.throwIfAborted();
    if (code !== 0) throw new Error(`tsmolt ended with exit code ${code}`);
  } finally {
    clearTimeout(patience.term);
  }
}

/** A command that runs beside the play. */
export interface RunningCommand {
  /** Rejects when it ends before its time. */
  readonly ended: Promise<never>;
  /** Asks it to finish, and waits for that. @throws if it fails */
  drain(): Promise<void>;
}

/** Starts the real command line. */
export async function startTsmolt(args: readonly string[], signal: AbortSignal): Promise<RunningCommand> {
  signal.throwIfAborted();
  const child = spawn(process.execPath, [await binary(), ...args], { stdio: 'inherit' });
  const exit = exitOf(child);
  const ended = exit.then((code) => {
    throw new Error(`tsmolt ended with exit code ${code}`);
  });
  // After a drain it may end as it likes.
  ended.catch(() => undefined);
  return {
    ended,
    drain: async () => {
      child.kill('SIGTERM');
      const code = await exit;
      signal.throwIfAborted();
      if (code !== 0) throw new Error(`tsmolt ended with exit code ${code}`);
    },
  };
}

async function binary(): Promise<string> {
  const manifest = new URL(import.meta.resolve('tsmolt/package.json'));
  const { bin } = JSON.parse(await readFile(manifest, 'utf8')) as { bin: { tsmolt: string } };
  return fileURLToPath(new URL(bin.tsmolt, manifest));
}

function exitOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('exit', (code, killedBy) => resolve(code ?? killedBy ?? 'unknown'));
  });
}
