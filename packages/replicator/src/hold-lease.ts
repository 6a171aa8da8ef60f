import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, TsmoltError } from '@tsmolt/core';
import type { Lease } from '@tsmolt/core';
import type { ReplicationOptions } from './options.js';

type LeaseOptions = Pick<
  ReplicationOptions,
  'staging' | 'memoKey' | 'logger' | 'state' | 'metrics' | 'signal' | 'drain'
>;

const askAgainMs = 1000;

/**
 * Works while it holds the lease of the stream. A staging database that does not answer for longer than a lease lasts takes
 * it away: the work is stopped, and begins anew with the next lease.
 *
 * @throws TsmoltError `TSM7003` when it is stopped while another process holds the lease, and what the work throws
 */
export async function holdLease<Result>(
  options: LeaseOptions,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (let lost = false; ;) {
    const lease = await acquireLease(options, lost);
    try {
      return await work(AbortSignal.any([options.signal, lease.lost]));
    } catch (thrown) {
      // Behind an outage that cost the lease, the first failure of a new beginning is no reason to give up.
      const passes = lease.lost.aborted || (lost && asTsmoltError(thrown).kind === 'retry');
      if (!passes || options.signal.aborted) throw thrown;
      lost = true;
      options.metrics.failed();
      options.state.waiting('the lease of the stream was lost');
      options.logger.warn(
        'the lease of this stream was lost: the staging database did not answer in time, or another process took it; going on from the checkpoint when it is free',
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
): Promise<Lease> {
  for (let answered = false; ;) {
    try {
      const lease = await staging.acquireLease(memoKey);
      if (lease !== undefined) return lease;
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
      await delay(askAgainMs, undefined, { signal: AbortSignal.any([signal, drain]) });
    } catch {
      throw new TsmoltError('TSM7003', {
        message: 'stopped while another process held the lease of this stream',
        advice: 'Stop the other process, or use another --stagingSchema for another stream.',
      });
    }
  }
}
