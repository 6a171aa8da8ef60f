import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, TsmoltError } from '@tsmolt/core';
import type { ChangeSource, Lease } from '@tsmolt/core';
import { BatchWriter, isUnknownOutcome } from './batch-writer.js';
import type { ReplicationOptions } from './options.js';
import { runPass } from './pass.js';
import { Progress } from './progress.js';
import type { Positions } from './progress.js';
import { SourceWatch } from './source-watch.js';
import { StatusMemo } from './status-memo.js';
import { TargetSchema } from './target-schema.js';
import { Waiting } from './waiting.js';
import { BlockedRows } from './waiting-changes.js';

export interface ReplicationResult {
  /** `reached` the position of `--until`; `drained` on request. */
  readonly ended: 'reached' | 'drained';
  readonly positions: Readonly<Positions>;
  readonly transactions: number;
  readonly changes: number;
}

/**
 * Carries changes from the source to the target until it is told to stop, or has come as far as it should.
 *
 * Lost connections and conflicts are survived: it goes on from its checkpoint.
 * @throws TsmoltError for what a person has to look at
 */
export async function replicate(options: ReplicationOptions): Promise<ReplicationResult> {
  const lease = await acquireLease(options);
  const signal = AbortSignal.any([options.signal, lease.lost]);
  try {
    return await runWithLease({ ...options, signal });
  } catch (thrown) {
    throw lease.lost.aborted && !options.signal.aborted ? leaseLost(options) : thrown;
  } finally {
    await lease.release();
  }
}

/** A process that was killed holds its lease until it runs out. */
async function acquireLease({ staging, memoKey, logger, signal, drain }: ReplicationOptions): Promise<Lease> {
  for (let attempt = 0; ; attempt++) {
    const lease = await staging.acquireLease(memoKey);
    if (lease !== undefined) return lease;
    if (attempt === 0)
      logger.warn(
        'another process replicates this stream, or was killed a moment ago; waiting for its lease',
      );
    try {
      await delay(1000, undefined, { signal: AbortSignal.any([signal, drain]) });
    } catch {
      throw new TsmoltError('TSM7003', {
        message: 'stopped while another process held the lease of this stream',
        advice: 'Stop the other process, or use another --stagingSchema for another stream.',
      });
    }
  }
}

function leaseLost({ memoKey }: ReplicationOptions): TsmoltError {
  return new TsmoltError('TSM7003', {
    message: `the lease of ${memoKey} was lost: the staging database did not answer in time, or another process took it`,
    advice:
      'Nothing was written without it. Look whether another process runs, then run the same command again.',
  });
}

async function runWithLease(options: ReplicationOptions): Promise<ReplicationResult> {
  const { staging, memoKey, logger } = options;
  const checkpoint = await staging.loadMemo(memoKey);
  const start = checkpoint ?? options.startAt;
  logger.info(
    { position: start },
    checkpoint === undefined ? 'no checkpoint yet: starting anew' : 'going on from the checkpoint',
  );
  const progress = new Progress({
    start,
    save: (position) => staging.saveMemo(memoKey, position),
    logger,
    message: options.progressMessage,
  });
  const schema = await TargetSchema.read(options);
  const blocked = new BlockedRows();
  const writer = new BatchWriter(options, blocked);
  const waiting = new Waiting({ options, writer, schema, blocked });
  const watch = new SourceWatch(options);
  options.state.positions = progress.positions;
  const status = new StatusMemo(options);
  const ended = await runPasses(options, progress, async (source, until) => {
    await waiting.sweep();
    return runPass({ options, source, writer, progress, schema, waiting, watch, status, until });
  });
  const { transactions, changes } = options.state;
  options.state.phase = 'ended';
  await status.note();
  return { ended, positions: progress.positions, transactions, changes };
}

type Pass = (source: ChangeSource, until: string | undefined) => Promise<'reached' | 'drained'>;

/** Opens the source again and again, as long as what fails may pass. What fails before anything worked is final. */
async function runPasses(
  options: ReplicationOptions,
  progress: Progress,
  pass: Pass,
): Promise<'reached' | 'drained'> {
  const { staging, memoKey, state } = options;
  let until: string | undefined;
  let failures = 0;
  for (let started = false; ;) {
    const before = progress.positions.durable;
    try {
      // The answer to a COMMIT may have been lost: what is durable is what staging says.
      if (started) progress.restart((await staging.loadMemo(memoKey)) ?? before);
      const source = await openSource(options);
      started = true;
      try {
        until ??= options.until === 'now' ? await source.currentPosition() : options.until;
        state.running();
        return await pass(source, until);
      } finally {
        await source.close();
      }
    } catch (thrown) {
      if (!started || !mayPass(thrown, options)) throw thrown;
      failures = progress.positions.durable === before ? failures + 1 : 1;
      if (!(await waited(asTsmoltError(thrown), failures, options))) return 'drained';
    }
  }
}

function mayPass(thrown: unknown, { signal }: ReplicationOptions): boolean {
  return !signal.aborted && (asTsmoltError(thrown).kind === 'retry' || isUnknownOutcome(thrown));
}

/** @returns false where it is time to end instead */
async function waited(error: TsmoltError, failures: number, options: ReplicationOptions): Promise<boolean> {
  const { signal, drain, retry, logger, metrics, state } = options;
  const waitMs = Math.min(retry.maxBackoffMs, retry.initialBackoffMs * retry.multiplier ** (failures - 1));
  metrics.failed();
  state.waiting(error.message);
  const fields = { code: error.code, attempt: failures, wait_ms: waitMs };
  logger.warn(fields, `${error.message}; going on from the checkpoint`);
  try {
    await delay(waitMs, undefined, { signal: AbortSignal.any([signal, drain]) });
    return true;
  } catch {
    return false;
  }
}

async function openSource(options: ReplicationOptions): Promise<ChangeSource> {
  const { source, metrics, filter, flush, slot, publication, processId } = options;
  if (source.openChanges === undefined) throw new Error('the source has no change stream');
  try {
    const tables = await source.catalog.tables(filter);
    const changes = await source.openChanges({
      tables: tables.map(({ name }) => name),
      bufferBytes: flush.bytes,
      unrepresentable: options.unrepresentable,
      acknowledgeEveryMs: options.acknowledgeEveryMs,
      fetchMetadata: options.fetchMetadata,
      ...(slot === undefined ? {} : { slot }),
      ...(publication === undefined ? {} : { publication }),
      ...(processId === undefined ? {} : { processId }),
    });
    metrics.dialed(true);
    await refuseOther(changes, options);
    for (const warning of changes.warnings) options.logger.warn(warning);
    return changes;
  } catch (thrown) {
    metrics.dialed(false);
    throw thrown;
  }
}

/** A checkpoint means something to the stream that it was made for, and to no other. */
async function refuseOther(changes: ChangeSource, { staging, memoKey }: ReplicationOptions): Promise<void> {
  const key = `${memoKey}-source`;
  const known = await staging.loadMemo(key);
  if (known === undefined) await staging.saveMemo(key, changes.identity);
  if (known === undefined || known === changes.identity) return;
  await changes.close();
  throw new TsmoltError('TSM7007', {
    message: `the checkpoint ${memoKey} belongs to ${known}, and the source is ${changes.identity}`,
    advice: 'Use a staging schema of its own for each source; for a new load, drop the old staging schema.',
  });
}
