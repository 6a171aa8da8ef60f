import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, repeated, TablesWithoutKey, TsmoltError } from '@tsmolt/core';
import type { ChangeSource } from '@tsmolt/core';
import { AcceptedAlterations } from './route/accepted-alterations.js';
import { BatchWriter, isUnknownOutcome } from './apply/batch-writer.js';
import { holdLease } from './hold-lease.js';
import { KeylessTables } from './read/keyless-tables.js';
import { endOf, openSource } from './read/open-source.js';
import type { ReplicationOptions } from './options.js';
import { runPass, stopped } from './pass.js';
import { Progress, startPositions } from './progress.js';
import type { Positions } from './progress.js';
import { RememberedShapes } from './read/remembered-shapes.js';
import { ReplacedValues } from './read/replaced-values.js';
import type { Stream } from './stream.js';
import { SourceWatch } from './read/source-watch.js';
import { StatusMemo } from './status-memo.js';
import { TargetSchema } from './apply/target-schema.js';
import { unlessAborted } from './unless-aborted.js';
import { Waiting } from './waiting/waiting.js';
import { BlockedRows } from './apply/waiting-changes.js';

export interface ReplicationResult {
  /** `reached` the position of `--until`; `drained` on request. */
  readonly ended: 'reached' | 'drained';
  readonly positions: Readonly<Positions>;
  readonly transactions: number;
  readonly changes: number;
  /** Changes that were read and are not on the target: they wait in staging, or behind a dead letter. */
  readonly waiting: number;
  /** Rows with a dead letter. */
  readonly deadLetters: number;
}

/**
 * Carries changes from the source to the target until it is told to stop, or has come as far as it should.
 *
 * Lost connections and conflicts are survived: it goes on from its checkpoint.
 * @throws TsmoltError for what a person has to look at
 */
export async function replicate(options: ReplicationOptions): Promise<ReplicationResult> {
  const replaced = new ReplacedValues(options);
  try {
    const result = await holdLease(options, (signal) => runWithLease({ ...options, signal }, replaced));
    return result ?? undone(options);
  } catch (thrown) {
    // A database says it in the words of those who stop a load.
    throw asTsmoltError(thrown).code === 'TSM1005' ? stopped() : thrown;
  } finally {
    replaced.summarize();
  }
}

/** It was asked to end before it could begin, or begin anew. */
function undone({ state, startAt }: ReplicationOptions): ReplicationResult {
  const { transactions, changes, positions = startPositions(startAt) } = state;
  state.phase = 'ended';
  return { ended: 'drained', positions, transactions, changes, waiting: 0, deadLetters: 0 };
}

async function runWithLease(
  options: ReplicationOptions,
  replaced: ReplacedValues,
): Promise<ReplicationResult> {
  const { staging, memoKey, logger } = options;
  const checkpoint = await staging.loadMemo(memoKey);
  const start = checkpoint ?? options.startAt;
  logger.info(
    { position: start },
    checkpoint === undefined ? 'no checkpoint yet: starting anew' : 'going on from the checkpoint',
  );
  // A process that was killed may have left some, and this one may have no use for it.
  await staging.transactionSpill(memoKey).clear();
  const progress = new Progress({
    start,
    save: (position) => staging.saveMemo(memoKey, position),
    logger,
    message: options.progressMessage,
  });
  options.state.positions = progress.positions;
  // The catalog waits for whoever has locked a table: an end need not.
  const schema = await unlessAborted(TargetSchema.read(options), options.drain);
  if (schema === undefined) return undone(options);
  const blocked = new BlockedRows();
  const writer = new BatchWriter(options, blocked);
  const waiting = new Waiting({ options, writer, schema, blocked });
  const watch = new SourceWatch(options);
  const status = new StatusMemo(options);
  const accepted = await AcceptedAlterations.load(options);
  const shapes = await RememberedShapes.load(options);
  const keyless = new KeylessTables(options);
  const open = (): Promise<ChangeSource> =>
    openSource(options, { replaced, keyless, shapes, target: schema.tables });
  const parts = { options, writer, progress, schema, waiting, watch, status, accepted, shapes };
  const pass: Pass = async (connection) => {
    await accepted.take(connection.source);
    await shapes.keep(connection.source);
    await waiting.sweep();
    return runPass({ ...parts, ...connection });
  };
  const ended = await untilPaused(accepted, options, () =>
    runPasses({ options, progress, open, keyless }, pass),
  );
  // What fails in a pass the next one does again; behind the last of them there is none.
  const left = await repeated(() => waiting.sweep(), { signal: options.signal });
  const { transactions, changes } = options.state;
  options.state.phase = 'ended';
  await status.note();
  return { ended, positions: progress.positions, transactions, changes, ...left };
}

async function untilPaused<Result>(
  accepted: AcceptedAlterations,
  { logger }: ReplicationOptions,
  run: () => Promise<Result>,
): Promise<Result> {
  try {
    return await run();
  } finally {
    await accepted.keepTold(logger);
  }
}

type Pass = (connection: Pick<Stream, 'source' | 'until' | 'failures'>) => Promise<'reached' | 'drained'>;

interface PassContext {
  readonly options: ReplicationOptions;
  readonly progress: Progress;
  readonly open: () => Promise<ChangeSource>;
  readonly keyless: KeylessTables;
}

/**
 * Opens the source again and again, as long as what fails may pass. What fails before anything worked is final, but for a
 * source that is still read for an earlier process: whoever holds the lease is the one to replicate.
 */
async function runPasses(
  { options, progress, open, keyless }: PassContext,
  pass: Pass,
): Promise<'reached' | 'drained'> {
  const { staging, memoKey, state } = options;
  let until: string | undefined;
  let failures = 0;
  for (let started = false; ;) {
    const before = progress.positions.applied;
    try {
      // The answer to a COMMIT may have been lost: what is durable is what staging says.
      if (started) progress.restart((await staging.loadMemo(memoKey)) ?? progress.positions.durable);
      const source = await open();
      started = true;
      try {
        until ??= await endOf(source, options.until, progress.positions.durable);
        state.running();
        return await pass({ source, until, failures });
      } finally {
        await source.close();
      }
    } catch (thrown) {
      if (started && keyless.leaveOut(thrown)) continue;
      if (!started) refuseAtFirst(thrown);
      if (!mayPass(thrown, failures, options)) throw orPaused(thrown);
      failures = progress.positions.applied === before ? failures + 1 : 1;
      if (!(await waited(asTsmoltError(thrown), failures, options))) return 'drained';
    }
  }
}

function refuseAtFirst(thrown: unknown): void {
  if (asTsmoltError(thrown).code !== 'TSM5007') throw thrown;
}

/** A key that is dropped is no row: the policy is that of `--onMissingKey`, whatever the source shows of the statement. */
function orPaused(thrown: unknown): unknown {
  if (!(thrown instanceof TablesWithoutKey)) return thrown;
  const { message, advice } = thrown;
  return new TsmoltError('TSM7001', { message: `replication paused: ${message}`, advice, cause: thrown });
}

/** A statement that took too long may be quick enough with the fewer rows of the next attempts, or without somebody else's lock. */
const mostCancelled = 6;

function mayPass(thrown: unknown, failures: number, { signal }: ReplicationOptions): boolean {
  if (signal.aborted) return false;
  const { kind, code } = asTsmoltError(thrown);
  const again = code === 'TSM4008' && failures < mostCancelled;
  return kind === 'retry' || again || isUnknownOutcome(thrown);
}

/** @returns false where it is time to end instead */
async function waited(error: TsmoltError, failures: number, options: ReplicationOptions): Promise<boolean> {
  const { signal, drain, retry, logger, metrics, state } = options;
  const waitMs = Math.min(retry.maxBackoffMs, retry.initialBackoffMs * retry.multiplier ** (failures - 1));
  metrics.failed();
  state.waiting(error.message);
  const advice = error.kind === 'retry' ? {} : { advice: error.advice };
  const fields = { code: error.code, attempt: failures, wait_ms: waitMs, ...advice };
  logger.warn(fields, `${error.message}; going on from the checkpoint`);
  try {
    await delay(waitMs, undefined, { signal: AbortSignal.any([signal, drain]) });
    return true;
  } catch {
    return false;
  }
}
