import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, stoppedOnRequest, TsmoltError } from './errors.js';

export interface RetryPolicy {
  /** Attempts after the first. */
  readonly maxAttempts: number;
  /** Milliseconds that all attempts together may take; 0 for no limit. */
  readonly maxDurationMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly multiplier: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  maxAttempts: 3,
  maxDurationMs: 5 * 60_000,
  initialBackoffMs: 200,
  maxBackoffMs: 10_000,
  multiplier: 2,
};

export interface RetryOptions {
  readonly policy?: RetryPolicy;
  readonly signal?: AbortSignal;
  /** Called before each new attempt, so that no retry goes unseen. */
  readonly onRetry?: (error: TsmoltError, attempt: number, waitMs: number) => void;
}

/**
 * Runs `work` again while it fails with an error of kind `retry`, waiting longer each time (full jitter).
 *
 * `work` must be safe to repeat: it either did nothing or can undo what it did.
 * @throws the last error, or at once any error of another kind.
 */
export async function withRetry<T>(
  work: (attempt: number) => Promise<T>,
  options: RetryOptions = {},
): Promise<T> {
  const policy = options.policy ?? defaultRetryPolicy;
  const started = performance.now();
  for (let attempt = 0; ; attempt++) {
    if (options.signal?.aborted) throw stoppedOnRequest();
    try {
      return await work(attempt);
    } catch (thrown) {
      const error = asTsmoltError(thrown);
      const waitMs = backoff(policy, attempt);
      const late = policy.maxDurationMs > 0 && performance.now() - started + waitMs > policy.maxDurationMs;
      if (error.kind !== 'retry' || attempt >= policy.maxAttempts || late) throw error;
      options.onRetry?.(error, attempt + 1, waitMs);
      await pause(waitMs, options.signal);
    }
  }
}

/**
 * As `withRetry`, for work that gives the same result when it is repeated, also where an attempt has happened unseen: that a
 * server does not know what became of it (`TSM4007`) is no worse then than a connection that is lost.
 */
export function repeated<T>(work: (attempt: number) => Promise<T>, options: RetryOptions = {}): Promise<T> {
  return withRetry(async (attempt) => {
    try {
      return await work(attempt);
    } catch (thrown) {
      const error = asTsmoltError(thrown);
      if (error.code !== 'TSM4007') throw thrown;
      throw new TsmoltError('TSM2007', { message: error.message, advice: error.advice, cause: error });
    }
  }, options);
}

function backoff(policy: RetryPolicy, attempt: number): number {
  const ceiling = Math.min(policy.maxBackoffMs, policy.initialBackoffMs * policy.multiplier ** attempt);
  return Math.round(ceiling * (0.5 + Math.random() / 2));
}

async function pause(waitMs: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await delay(waitMs, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw stoppedOnRequest();
  }
}
