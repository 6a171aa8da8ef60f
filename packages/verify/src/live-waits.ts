import { setTimeout as delay } from 'node:timers/promises';
import { stoppedOnRequest, TsmoltError } from '@tsmolt/core';
import type { LiveOptions } from './options.js';

/** Waits so many milliseconds. @throws TsmoltError `TSM1005` when the run is stopped meanwhile */
export type Pause = (ms: number) => Promise<void>;

export function pauseUntilStopped(signal: AbortSignal): Pause {
  return async (ms) => {
    try {
      await delay(ms, undefined, { signal });
    } catch {
      throw stoppedOnRequest();
    }
  };
}

const firstWaitMs = 500;
const longestWaitMs = 10_000;

/** @param round from 1: each waits twice as long as the one before */
export function waitBefore(round: number): number {
  return Math.min(longestWaitMs, firstWaitMs * 2 ** (round - 1));
}

const firstPollMs = 50;
const longestPollMs = 5_000;

/** A replicator that is that far behind, or stands still, has to be looked at. */
const defaultPatienceMs = 10 * 60_000;

/**
 * Waits until the target has applied the source's changes up to a position; not at all without replication.
 *
 * @throws TsmoltError `TSM6101` when it has not after `replicationPatienceMs` of waiting
 */
export async function appliedHere(
  { replication, replicationPatienceMs: patienceMs = defaultPatienceMs }: LiveOptions,
  position: string | undefined,
  pause: Pause,
): Promise<void> {
  if (replication === undefined || position === undefined) return;
  let waited = 0;
  for (let pollMs = firstPollMs; !(await replication.hasApplied(position));) {
    const left = patienceMs - waited;
    if (left <= 0) throw doesNotAdvance(position, patienceMs);
    const waitMs = Math.min(pollMs, left);
    await pause(waitMs);
    waited += waitMs;
    pollMs = Math.min(longestPollMs, pollMs * 2);
  }
}

function doesNotAdvance(position: string, patienceMs: number): TsmoltError {
  return new TsmoltError('TSM6101', {
    message: `the target has not applied the source's changes up to ${position} within ${patienceMs / 1000} seconds`,
    advice: 'Look whether the replicator runs and how far it is behind, then verify again.',
  });
}
