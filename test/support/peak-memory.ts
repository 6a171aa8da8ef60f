import { readFile } from 'node:fs/promises';
import type { Finished, Running } from './tsmolt.js';

export interface Measured {
  readonly finished: Finished;
  /** The most memory that the process has held: its resident set, in bytes (Linux' `VmHWM`). */
  readonly peakBytes: number;
}

/** Watches a process to its end. The kernel keeps the peak: only what is taken after the last look is missed. */
export async function peakMemory(run: Running): Promise<Measured> {
  let peakBytes = 0;
  const look = async (): Promise<void> => {
    const status = await readFile(`/proc/${run.process.pid}/status`, 'utf8').catch(() => '');
    const kilobytes = Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    peakBytes = Math.max(peakBytes, kilobytes * 1024);
  };
  const timer = setInterval(() => void look(), 20);
  const finished = await run.finished;
  clearInterval(timer);
  return { finished, peakBytes };
}
