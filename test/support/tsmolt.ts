import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../packages/tsmolt/bin/tsmolt.js', import.meta.url));

/** One line of the log. */
export type LogLine = Readonly<Record<string, unknown>> & {
  readonly level: string;
  readonly message: string;
};

export interface Finished {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** The lines of stdout that are JSON. */
  readonly log: readonly LogLine[];
  /** Its errors and what it wrote to stderr: why it failed. */
  readonly failure: string;
  /** The first line with that message. @throws when there is none: the whole output is in the message */
  line(message: string | RegExp): LogLine;
}

export interface Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when a line of the output matches. */
  printed(text: RegExp): Promise<void>;
  /** What the first group of the expression matched in the output so far. */
  output(text: RegExp): string | undefined;
}

/** Starts the built command as a user would. @param env variables beside those of the test process */
export function startTsmolt(args: readonly string[], cwd?: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [bin, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    // What a run leaves in its working directory is not to lie about in the repository.
    cwd: cwd ?? tmpdir(),
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr.on('data', (chunk) => (stderr += String(chunk)));
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (exitCode) => resolve(describe(exitCode, stdout, stderr)));
  });
  const printed = (text: RegExp): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => (text.test(stdout + stderr) ? resolve() : undefined);
      child.stdout.on('data', look);
      child.stderr.on('data', look);
      void finished.then(() => reject(new Error(`ended without printing ${text}:\n${stdout}\n${stderr}`)));
      look();
    });
  const output = (text: RegExp): string | undefined => text.exec(stdout + stderr)?.[1];
  return { process: child, finished, printed, output };
}

/** Runs the built command to its end. */
export function tsmolt(...args: string[]): Promise<Finished> {
  return startTsmolt(args).finished;
}

/** Runs `tsmolt fetch` with what every test of it needs: no TLS, no questions, a free port for metrics. */
export function tsmoltFetch(source: string, target: string, ...args: string[]): Promise<Finished> {
  return startFetch(source, target, ...args).finished;
}

export function startFetch(source: string, target: string, ...args: string[]): Running {
  return startTsmolt([
    'fetch', '--source', source, '--target', target, '--allow-tls-mode-disable', '--non-interactive',
    '--metrics-listen-addr', '127.0.0.1:0', '--pprof-listen-addr', '127.0.0.1:0', ...args,
  ]); // prettier-ignore
}

function describe(exitCode: number | null, stdout: string, stderr: string): Finished {
  const log = stdout
    .split('\n')
    .flatMap((text) => (/^\{.+\}$/.test(text) ? [JSON.parse(text) as LogLine] : []));
  const line = (message: string | RegExp): LogLine => {
    const found = log.find(({ message: text }) =>
      typeof message === 'string' ? text === message : message.test(text),
    );
    if (found === undefined) throw new Error(`no line says ${message}:\n${stdout}\n${stderr}`);
    return found;
  };
  const errors = log.filter(({ level }) => level === 'error').map((entry) => JSON.stringify(entry));
  return { exitCode, stdout, stderr, log, failure: [...errors, stderr].join('\n'), line };
}
