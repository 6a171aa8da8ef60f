import { asTsmoltError, TsmoltError } from '@tsmolt/core';
import { readChanges } from './read/read-changes.js';
import { ScriptedWork } from './scripted-work.js';
import { hasReached } from './stream.js';
import type { Stream } from './stream.js';
import { unlessAborted } from './unless-aborted.js';
import { UntilWatch } from './until-watch.js';
import { WorkQueue } from './read/work-queue.js';
import { writeWork } from './write-work.js';

/** How often the writer looks after other things when there is nothing to write. */
const idleMs = 250;

/**
 * Reads and writes until the end is reached, somebody stops it, or something fails. What was read and not written is read
 * again by the next pass.
 */
export async function runPass(stream: Stream): Promise<'reached' | 'drained'> {
  const { options } = stream;
  const queue = new WorkQueue(options.flush, options.queuedBatches, stream.failures);
  const stopReading = new AbortController();
  const ending = AbortSignal.any([options.signal, options.drain]);
  const signal = AbortSignal.any([ending, stopReading.signal]);
  const scripted = new ScriptedWork(queue, options.script);
  const reading = readChanges(stream, queue, signal);
  try {
    return await write(stream, queue, scripted);
  } catch (thrown) {
    // A transaction that is not whole yet is left to the next run.
    if (options.drain.aborted && !options.signal.aborted && isInterruption(thrown)) return 'drained';
    queue.fail(thrown);
    await unlessAborted(scripted.end(), ending);
    throw thrown;
  } finally {
    stopReading.abort();
    queue.fail(new Error('the writer has ended'));
    await reading;
  }
}

async function write(
  stream: Stream,
  queue: WorkQueue,
  scripted: ScriptedWork,
): Promise<'reached' | 'drained'> {
  const { options, source, progress, until, waiting, watch, status } = stream;
  const untilWatch = new UntilWatch(stream);
  for (;;) {
    const { applied } = progress.positions;
    if (until !== undefined && applied !== undefined && hasReached(source, applied, until)) {
      await progress.settle(source);
      return 'reached';
    }
    const work = await scripted.take(idleMs);
    options.metrics.queue(queue.depth.rows, queue.depth.percent);
    if (work === undefined) {
      await progress.settle(source);
      return 'drained';
    }
    if (work !== 'idle') await writeWork(stream, work);
    else {
      untilWatch.lookAfter(source, applied);
      if (progress.isDue(options.acknowledgeEveryMs)) await progress.settle(source);
    }
    await waiting.lookAfter();
    await watch.lookAfter(source);
    await status.lookAfter();
    await stream.schema.refreshWhenDue();
    if (options.signal.aborted) throw stopped();
  }
}

/** What a person is told who did not want to wait for it to drain. */
export function stopped(): TsmoltError {
  return new TsmoltError('TSM1005', {
    message: 'stopped on request',
    advice:
      'Run the same command again: replication goes on from its checkpoint, without loss or repetition.',
  });
}

/** What a drain may run into: a stream that ends, or a server that is gone. What a person has to look at is told. */
function isInterruption(thrown: unknown): boolean {
  const { code, kind } = asTsmoltError(thrown);
  return code === 'TSM1005' || kind === 'retry';
}
