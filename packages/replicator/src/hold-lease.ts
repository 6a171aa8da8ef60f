import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, TsmoltError } from '@tsmolt/core';
import type { Lease } from '@tsmolt/core';
import type { ReplicationOptions } from './options.js';
import { unlessAborted } from './unless-aborted.js';

type LeaseOptions = Pick<
  ReplicationOptions,
  'staging' | 'memoKey' | 'logger' | 'state' | 'metrics' | 'signal' | 'drain'
>;

const askAgainMs = 1000;

/**
 * Works while it holds the lease of the stream. A staging database that does not answer for longer than a lease lasts takes
 * it away, and so does a process that stands still: the work is stopped, and begins anew with the next lease.
 *
 * @returns undefined where it is to drain before it has the lease: there is nothing to drain
 * @throws TsmoltError `TSM7003` where another process took over, or when it is stopped at once while one holds the lease,
 *   and what the work throws
 */
export async function holdLease<Result>(
  options: LeaseOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  for (let lost = false; ;) {
    const lease = await acquireLease(options, lost);
    if (lease === undefined) return undefined;
    try {
      return await work(AbortSignal.any([options.signal, lease.lost]));
    } catch (thrown) {
      // Behind an outage that cost the lease, the first failure of a new beginning is no reason to give up.
      const { code, kind } = asTsmoltError(thrown);
      const passes = code !== 'TSM7003' && (lease.lost.aborted || (lost && kind === 'retry'));
      if (!passes || options.signal.aborted) throw thrown;
      lost = true;
      options.metrics.failed();
      const reason = asTsmoltError(lease.lost.aborted ? lease.lost.reason : thrown);
      options.state.waiting(reason.message);
      options.logger.warn(
        { code: reason.code },
        `${reason.message}; going on from the checkpoint with the next lease`,
      );
    } finally {
      await lease.release();
    }
  }
}

/**
 * A process that was killed holds its lease until it runs out.
 *
 * @param patient whether a staging database that has never answered is waited for
 */
async function acquireLease(
  { staging, memoKey, logger, signal, drain }: LeaseOptions,
  patient: boolean,
): Promise<Lease | undefined> {
  const ending = AbortSignal.any([signal, drain]);
  for (let answered = false; ;) {
    try {
      // A process that was stopped within a transaction may have locked its lease.
      const lease = await unlessAborted(
        staging.acquireLease(memoKey),
        ending,
        (late) => void late?.release(),
      );
      if (lease !== undefined) return lease;
      if (ending.aborted) return notBegun(signal);
      if (!answered)
        logger.warn(
          'another process replicates this stream, or was killed a moment ago; waiting for its lease',
        );
      answered = true;
    } catch (thrown) {
      // Who stands by must outlive the outage that ends the one before it.
      if (!(patient || answered) || asTsmoltError(thrown).kind !== 'retry') throw thrown;
    }
    try {
      await delay(askAgainMs, undefined, { signal: ending });
    } catch {
      return notBegun(signal);
    }
  }
}

function notBegun(signal: AbortSignal): undefined {
  if (!signal.aborted) return undefined;
  throw new TsmoltError('TSM7003', {
    message: 'stopped while another process held the lease of this stream',
    advice: 'Stop the other process, or use another --stagingSchema for another stream.',
  });
}
