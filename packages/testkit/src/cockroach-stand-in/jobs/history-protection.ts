import type { Job } from './job.js';
import type { Jobs } from './jobs.js';

interface Protection {
  readonly job: Job;
  readonly nanos: bigint;
  readonly windowMs: number;
  expires: number;
}

/** `crdb_internal.protect_mvcc_history`: rows from a moment on are not garbage collected while a job says so. */
export class HistoryProtection {
  readonly #jobs: Jobs;
  readonly #protections: Protection[] = [];

  constructor(jobs: Jobs) {
    this.#jobs = jobs;
  }

  /** @returns the job that protects the history until its time is over or somebody cancels it */
  protect(nanos: bigint, windowMs: number, about: { readonly what: string; readonly user: string }): Job {
    const description = {
      type: 'HISTORY RETENTION',
      description: `History Retention for ${about.what}`,
    } as const;
    const job = this.#jobs.create({ ...description, user: about.user }, ({ signal }) => untilAborted(signal));
    this.#protections.push({ job, nanos, windowMs, expires: Date.now() + windowMs });
    job.start();
    return job;
  }

  /** @returns false when there is no such protection, or not any more */
  extend(id: bigint): boolean {
    const found = this.#protections.find((protection) => protection.job.id === id);
    if (found === undefined || !stands(found)) return false;
    found.expires = Date.now() + found.windowMs;
    return true;
  }

  covers(nanos: bigint): boolean {
    return this.#protections.some((protection) => protection.nanos <= nanos && stands(protection));
  }
}

function stands({ job, expires }: Protection): boolean {
  return !job.isOver && expires > Date.now();
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('job canceled by user')), { once: true });
  });
}
