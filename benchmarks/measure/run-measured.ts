import { spawn } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';

/** What one run of one program cost. */
export interface Measured {
  readonly seconds: number;
  /** The most memory that the program and its children held at one time, without the database servers. */
  readonly peakBytes: number;
  /** How much of `seconds` a run takes that finds nothing to do. */
  readonly startSeconds?: number;
}

const sampleMs = 50;

/**
 * Runs a command line to its end and watches its memory (Linux: from /proc, every 50 ms).
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
    void treeMemory(child.pid ?? 0).then((bytes) => (peakBytes = Math.max(peakBytes, bytes)));
  }, sampleMs);
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  clearInterval(watch);
  if (exitCode !== 0) throw new Error(`"${command}" ended with ${exitCode}: ${stderr}`);
  return { seconds: (performance.now() - started) / 1000, peakBytes };
}

/** Proportional set size, so that pages shared by forked processes are counted once. */
async function treeMemory(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = / \S (\d+)/.exec(stat.slice(stat.lastIndexOf(')')));
    if (parent !== null) parents.set(Number(name), Number(parent[1]));
  }
  const descends = (pid: number): boolean =>
    pid === root || (parents.has(pid) && descends(parents.get(pid) ?? 0));
  const sizes = [...parents.keys()].filter(descends).map(async (pid) => {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    return Number(/^Pss:\s+(\d+)/m.exec(rollup)?.[1] ?? 0) * 1024;
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
