import { setTimeout as delay } from 'node:timers/promises';
import { stoppedOnRequest, TsmoltError } from '@tsmolt/core';
import type { Replication } from './options.js';

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
const patienceMs = 10 * 60_000;

/**
 * Waits until the target has applied the source's changes up to a position.
 *
 * @throws TsmoltError `TSM6101` when it has not after ten minutes of waiting
 */
export async function appliedHere(replication: Replication, position: string, pause: Pause): Promise<void> {
  let waited = 0;
  for (let pollMs = firstPollMs; !(await replication.hasApplied(position));) {
    if (waited >= patienceMs) throw doesNotAdvance(position);
    await pause(pollMs);
    waited += pollMs;
    pollMs = Math.min(longestPollMs, pollMs * 2);
  }
}

function doesNotAdvance(position: string): TsmoltError {
  return new TsmoltError('TSM6101', {
    message: `the target has not applied the source's changes up to ${position} within ${patienceMs / 60_000} minutes`,
    advice: 'Look whether the replicator runs and how far it is behind, then verify again.',
  });
}
