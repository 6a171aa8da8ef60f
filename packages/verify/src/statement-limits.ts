import { TsmoltError, withRetry } from '@tsmolt/core';
import pLimit from 'p-limit';
import { pauseUntilStopped } from './live-waits.js';
import type { Pause } from './live-waits.js';
import type { VerifyOptions } from './options.js';
import type { Side } from './plan-comparison.js';

/** What all tables share, so that neither server nor memory has more to do than was allowed. */
export interface Limits {
  /**
   * Runs a statement when the server may take another one, and again when its connection was lost.
   *
   * @param work gets the signal that ends the statement
   * @throws TsmoltError `TSM6102` when it took longer than a statement may take: it was ended on the server
   */
  readonly statement: <Result>(
    side: Side['name'],
    work: (signal: AbortSignal) => Promise<Result>,
  ) => Promise<Result>;
  /** The same for a statement that may take its time: nothing could be divided. */
  readonly longStatement: Limits['statement'];
  /** Runs what holds rows of both sides in memory when there is room for them. */
  readonly holding: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly pause: Pause;
}

/** Shares of rows that are held in memory at a time. */
const sharesAtATime = 4;

export function limitsOf(
  options: Pick<VerifyOptions, 'concurrency' | 'signal' | 'logger' | 'statementTimeoutMs'>,
): Limits {
  const { concurrency, signal, logger, statementTimeoutMs } = options;
  const bySide = { source: pLimit(concurrency), target: pLimit(concurrency) };
  const onRetry = (error: TsmoltError, attempt: number): void =>
    logger.warn({ code: error.code, attempt }, `${error.message}; trying again`);
  const holding = pLimit(sharesAtATime);
  return {
    statement: (side, work) =>
      bySide[side](() => withRetry(() => inTime(statementTimeoutMs, signal, work), { signal, onRetry })),
    longStatement: (side, work) => bySide[side](() => withRetry(() => work(signal), { signal, onRetry })),
    holding: (work) => holding(work),
    pause: pauseUntilStopped(signal),
  };
}

/** A statement whose signal fires loses its connection, or is killed: the servers stop working on it. */
async function inTime<Result>(
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  if (timeoutMs === 0) return work(signal);
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), timeoutMs);
  try {
    return await work(AbortSignal.any([signal, late.signal]));
  } catch (thrown) {
    throw late.signal.aborted && !signal.aborted ? new TookTooLong(timeoutMs) : thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** A statement was ended because it took too long: its rows can be divided, mostly. */
export class TookTooLong extends TsmoltError {
  constructor(timeoutMs: number) {
    super('TSM6102', {
      message: `a statement took longer than ${timeoutMs} ms`,
      advice: 'Raise --statement-timeout.',
    });
  }
}

/** @returns undefined when a statement took too long */
export async function unlessTooLong<Result>(statements: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await statements();
  } catch (thrown) {
    if (thrown instanceof TookTooLong) return undefined;
    throw thrown;
  }
}

/** The error for rows that cannot be divided further. @param what names the table and how few rows they were */
export function cannotDivide(
  what: string,
  advice = 'Raise --statement-timeout, lower --concurrency, or look what else keeps the server busy.',
): TsmoltError {
  return new TsmoltError('TSM6102', {
    message: `${what} take longer than --statement-timeout allows`,
    advice,
  });
}
