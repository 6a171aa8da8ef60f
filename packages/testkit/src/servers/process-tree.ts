import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * SIGKILLs a process and its children at once, as a machine's crash would.
 * (PostgreSQL's backends outlive a killed postmaster until they notice, and its data cannot be opened meanwhile.)
 */
export async function killTree(pid: number): Promise<void> {
  // Stopped first, so that it neither forks nor reacts to its children's deaths.
  signalIfAlive(pid, 'SIGSTOP');
  const children = childrenOf(pid);
  signalIfAlive(pid, 'SIGKILL');
  for (const child of children) signalIfAlive(child, 'SIGKILL');
  for (let waited = 0; waited < 100 && children.some(isAlive); waited++) await delay(20);
}

export function signalIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself, which is what was wanted.
  }
}

function isAlive(pid: number): boolean {
  try {
    // A zombie that nobody reaps still counts as a process; it holds nothing any more.
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return process.platform !== 'linux' && answersToSignals(pid);
  }
}

function answersToSignals(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function childrenOf(pid: number): number[] {
  try {
    const listed = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return listed.split(' ').filter(Boolean).map(Number);
  } catch {
    return childrenByPs(pid);
  }
}

function childrenByPs(parent: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' }).split('\n');
  const pairs = rows.map((row) => row.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([pid, ppid]) => (ppid === parent && pid !== undefined ? [pid] : []));
}
