import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What one run of one program cost. */
export interface Measured {
  readonly seconds: number;
  /** The most memory that the program and its children held at one time, without the database servers. */
  readonly peakBytes: number;
  /** How much of `seconds` a run takes that finds nothing to do. */
  readonly startSeconds?: number;
}

/** What looks more often takes the processor from what it looks at. */
const sampleMs = 100;

/**
 * Runs a command line to its end and watches its memory (Linux: from /proc, every 100 ms).
 *
 * @param command for `bash -c`, with `set -o pipefail`: a failure anywhere in a pipe counts
 * @throws Error with what the command wrote to stderr
 */
export async function runMeasured(
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Measured> {
  const started = performance.now();
  const child = spawn('bash', ['-c', `set -o pipefail; ${command}`], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
  });
  let stderr = '';
  child.stderr.on('data', (chunk) => (stderr = (stderr + String(chunk)).slice(-4000)));
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, treeMemory(child.pid ?? 0));
  }, sampleMs);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (exitCode !== 0) throw new Error(`"${command}" ended with ${exitCode}: ${stderr}`);
  return { seconds: (performance.now() - started) / 1000, peakBytes };
}

/** Proportional set size in bytes, so that pages shared by forked processes are counted once. */
function treeMemory(pid: number): number {
  const own = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`))?.[1] ?? 0;
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean);
  return children.reduce((sum, child) => sum + treeMemory(Number(child)), Number(own) * 1024);
}

/** A process may have ended in between. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
