import { setTimeout as delay } from 'node:timers/promises';
import type { QueryConfig } from 'pg';
import { withRetry } from '@tsmolt/core';
import type { RetryPolicy } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';

export type JobEnd = 'succeeded' | 'failed' | 'canceled' | 'revert-failed' | 'unknown';

export interface EndedJob {
  readonly end: JobEnd;
  /** The job's own words; they may hold URLs, but not their secrets. */
  readonly error: string;
}

export interface FollowOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (fraction: number) => void;
  /** Called once when somebody has paused the job: it waits for a person. */
  readonly onPaused: () => void;
}

/** The server goes on without us: a lost connection is a reason to ask again, for as long as a restart takes. */
const askingAgain: RetryPolicy = {
  maxAttempts: 20,
  maxDurationMs: 10 * 60_000,
  initialBackoffMs: 200,
  maxBackoffMs: 10_000,
  multiplier: 2,
};

/** A server that does not answer for so long is asked again on another connection. */
const answerMs = 60_000;

const firstPauseMs = 20;
const longestPauseMs = 1000;

interface JobRow {
  readonly status: string;
  readonly fraction_completed: number | null;
  readonly error: string | null;
}

/**
 * Waits until the job is over. When the signal fires the job is cancelled, and its end is waited for all the same: rows that
 * are being undone are still in the way of the next try.
 */
export async function followJob(pool: SessionPool, job: string, options: FollowOptions): Promise<EndedJob> {
  let cancelled = false;
  let paused = false;
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(longestPauseMs, pauseMs * 2)) {
    if (options.signal.aborted && !cancelled) {
      cancelled = true;
      await cancelJob(pool, job);
    }
    const row = await withRetry(() => readJob(pool, job), { policy: askingAgain });
    if (row === undefined) return { end: 'unknown', error: '' };
    const end = endOf(row.status);
    if (end !== undefined) return { end, error: row.error ?? '' };
    options.onProgress(row.fraction_completed ?? 0);
    if (row.status.startsWith('paused') && !paused) {
      paused = true;
      options.onPaused();
    }
    await pauseUnlessAborted(pauseMs, cancelled ? undefined : options.signal);
  }
}

/** From v26.1 on a reason may follow the status. */
function endOf(status: string): JobEnd | undefined {
  const ends = ['succeeded', 'failed', 'canceled', 'revert-failed'] as const;
  return ends.find((end) => status.startsWith(end));
}

async function readJob(pool: SessionPool, job: string): Promise<JobRow | undefined> {
  return pool.use(`asking for job ${job}`, async (client) => {
    const { rows } = await client.query<JobRow>({
      text: `SELECT status, fraction_completed, error FROM [SHOW JOB ${jobNumber(job)}]`,
      query_timeout: answerMs,
    } as QueryConfig);
    return rows[0];
  });
}

/** A job that is over, or on its way to its end, cannot be cancelled: asking for its status tells the rest. */
async function cancelJob(pool: SessionPool, job: string): Promise<void> {
  await pool
    .use(`cancelling job ${job}`, (client) => client.query(`CANCEL JOB ${jobNumber(job)}`))
    .catch(() => undefined);
}

/** The number of a job, which goes into SQL as it is. @throws where it is none */
export function jobNumber(job: string): string {
  if (!/^\d+$/.test(job)) throw new Error(`"${job}" is no number of a job`);
  return job;
}

async function pauseUnlessAborted(pauseMs: number, signal: AbortSignal | undefined): Promise<void> {
  await delay(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
