// What a thread has computed: the time of a busy machine passes without a script getting any of it.
//
// Node 20 knows the CPU time of the process only. Linux tells that of each thread (kernel documentation, "Scheduler
// Statistics": the first number of `/proc/<pid>/task/<tid>/schedstat`, in nanoseconds).
import { readFileSync, readlinkSync } from 'node:fs';

/** The number of the thread that asks; 0 where the system does not tell. */
export function currentThread() {
  try {
    return Number(/\d+$/.exec(readlinkSync('/proc/thread-self'))?.[0] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Milliseconds that a thread has computed, from any thread of the process; where the system does not tell, those that have
 * passed.
 * @param {number} thread
 * @returns {() => number}
 */
export function threadClock(thread) {
  const first = computedMs(thread);
  if (first === undefined) return () => performance.now();
  let last = first;
  // A thread that has ended computes no more.
  return () => (last = computedMs(thread) ?? last);
}

/** @param {number} thread */
function computedMs(thread) {
  try {
    const nanoseconds = Number.parseInt(readFileSync(`/proc/self/task/${thread}/schedstat`, 'latin1'), 10);
    return nanoseconds > 0 ? nanoseconds / 1e6 : undefined;
  } catch {
    return undefined;
  }
}
