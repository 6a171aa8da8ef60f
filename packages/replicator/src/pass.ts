import { TsmoltError } from '@tsmolt/core';
import type { ChangeSource } from '@tsmolt/core';
import type { BatchWriter, Written } from './batch-writer.js';
import type { ReplicationOptions } from './options.js';
import { prepare } from './prepare.js';
import type { RoutedTransaction } from './prepare.js';
import type { Progress } from './progress.js';
import type { SourceWatch } from './source-watch.js';
import type { StatusMemo } from './status-memo.js';
import type { TargetSchema } from './target-schema.js';
import { TransactionAssembler } from './transactions.js';
import type { Assembled, SourceTransaction, TransactionPart } from './transactions.js';
import type { Waiting } from './waiting.js';
import { WorkQueue } from './work-queue.js';
import type { Work } from './work-queue.js';

export interface Stream {
  readonly options: ReplicationOptions;
  readonly source: ChangeSource;
  readonly writer: BatchWriter;
  readonly progress: Progress;
  readonly schema: TargetSchema;
  readonly waiting: Waiting;
  readonly watch: SourceWatch;
  readonly status: StatusMemo;
  /** Where it ends, or undefined for never. */
  readonly until: string | undefined;
}

/** How often the writer looks after other things when there is nothing to write. */
const idleMs = 250;

/**
 * Reads and writes until the end is reached, somebody stops it, or something fails. What was read and not written is read
 * again by the next pass.
 */
export async function runPass(stream: Stream): Promise<'reached' | 'drained'> {
  const { options } = stream;
  const queue = new WorkQueue(options.flush, options.queuedBatches);
  const stopReading = new AbortController();
  const signal = AbortSignal.any([options.signal, options.drain, stopReading.signal]);
  const reading = read(stream, queue, signal);
  try {
    return await write(stream, queue);
  } catch (thrown) {
    // A transaction that is not whole yet is left to the next run.
    if (options.drain.aborted && !options.signal.aborted) return 'drained';
    throw thrown;
  } finally {
    stopReading.abort();
    queue.fail(new Error('the writer has ended'));
    await reading;
  }
}

/** Never rejects: what fails here, the writer hears of through the queue. */
async function read(stream: Stream, queue: WorkQueue, signal: AbortSignal): Promise<void> {
  const { options, source, progress, until } = stream;
  const assembler = new TransactionAssembler(options.flush.bytes);
  try {
    for await (const chunk of source.changes(progress.positions.durable, signal)) {
      for (const assembled of assembler.add(chunk)) {
        noteRead(assembled, stream);
        await queue.add(assembled);
      }
      const { rows, percent } = queue.depth;
      options.metrics.queue(rows, percent);
      const { received } = progress.positions;
      if (
        until !== undefined &&
        received !== undefined &&
        !assembler.open &&
        hasReached(source, received, until)
      )
        break;
    }
    queue.end();
  } catch (thrown) {
    if (options.drain.aborted && !options.signal.aborted && !assembler.inParts) queue.end();
    else queue.fail(thrown);
  }
}

function noteRead(assembled: Assembled, { options: { metrics }, progress }: Stream): void {
  if (assembled.kind === 'heartbeat') {
    progress.received(assembled.heartbeat.position);
    return;
  }
  const { events } = assembled.kind === 'transaction' ? assembled.transaction : assembled.part;
  const counts = new Map<string, number>();
  for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  for (const [kind, count] of counts) metrics.received(kind, count);
  const commit = assembled.kind === 'transaction' ? assembled.transaction : assembled.part.commit;
  if (commit === undefined) return;
  progress.received(commit.position);
  metrics.read(commit.committedAt);
}

async function write(stream: Stream, queue: WorkQueue): Promise<'reached' | 'drained'> {
  const { options, source, progress, until, waiting, watch, status } = stream;
  for (;;) {
    const { applied } = progress.positions;
    if (until !== undefined && applied !== undefined && hasReached(source, applied, until)) {
      await progress.settle(source);
      return 'reached';
    }
    const work = await queue.take(idleMs);
    if (work === undefined) {
      await progress.settle(source);
      return 'drained';
    }
    if (work !== 'idle') await writeOne(stream, work);
    await waiting.lookAfter();
    await watch.lookAfter(source);
    await status.lookAfter();
    await stream.schema.refreshWhenDue();
    if (options.signal.aborted) throw stopped();
  }
}

async function writeOne(stream: Stream, work: Work): Promise<void> {
  const { progress, source, options } = stream;
  if (work.kind === 'progress') await progress.passed(work, source, options.acknowledgeEveryMs);
  else if (work.kind === 'large') await writeLarge(stream, work.parts);
  else await writeBatch(stream, work.transactions);
}

/** What comes before something that must not be written is written, and then the reason is thrown. */
async function writeBatch(stream: Stream, transactions: readonly SourceTransaction[]): Promise<void> {
  const { options, source, progress, schema, writer } = stream;
  const { transactions: routed, stop } = await schema.prepared((tables) =>
    prepare(transactions, { options, source, tables }),
  );
  const last = routed.at(-1);
  if (last !== undefined) {
    const started = performance.now();
    if (routed.some(({ events }) => events.length > 0)) {
      const written = await writer.write(routed, schema.steps, last.position);
      progress.wrote({ position: last.position, at: last.committedAt }, source);
      noteWritten(stream, written, { ...last, started });
      options.state.count(
        routed.length,
        routed.reduce((sum, { events }) => sum + events.length, 0),
      );
    } else {
      await progress.passed(
        { position: last.position, at: last.committedAt },
        source,
        options.acknowledgeEveryMs,
      );
    }
  }
  if (stop !== undefined) {
    await progress.settle(source);
    throw stop;
  }
}

async function writeLarge(stream: Stream, parts: AsyncIterable<TransactionPart>): Promise<void> {
  const { options, source, progress, schema, writer } = stream;
  const started = performance.now();
  let changes = 0;
  const routed = async function* (): AsyncGenerator<RoutedTransaction & { readonly last: boolean }> {
    for await (const { events, commit } of parts) {
      // The position is that of the commit, which only the last part has; the parts before it are not checkpoints.
      const { position, committedAt } = commit ?? {
        position: progress.positions.received ?? '',
        committedAt: Date.now(),
      };
      const { transactions, stop } = await schema.prepared((tables) =>
        prepare([{ events, position, committedAt }], { options, source, tables }),
      );
      if (stop !== undefined) throw stop;
      const [part] = transactions;
      if (part === undefined) continue;
      changes += part.events.length;
      yield { ...part, last: commit !== undefined };
    }
  };
  const written = await writer.writeParts(routed(), schema.steps);
  progress.wrote({ position: written.position, at: written.committedAt }, source);
  noteWritten(stream, written, { ...written, started });
  options.state.count(1, changes);
}

function noteWritten(
  { options: { metrics, logger, targetLabel } }: Stream,
  { outcomes, deferred }: Written,
  { committedAt, started }: { committedAt: number; started: number },
): void {
  for (const outcome of outcomes) {
    metrics.wrote(outcome);
    const { table, proposed, upserted, deleted, durationMs } = outcome;
    const fields = { duration: `${durationMs.toFixed(3)}ms`, proposed, target: targetLabel(table.name) };
    if (upserted > 0 || deleted === 0) logger.debug({ conflicts: 0, ...fields, upserted }, 'upserted rows');
    if (deleted > 0) logger.debug({ ...fields, deleted }, 'deleted rows');
  }
  for (const { route } of deferred) {
    const { schema, table } = route.table.name;
    metrics.deferred(schema, table);
    logger.warn(
      { target: targetLabel(route.table.name) },
      'a change was refused by the target, and waits in staging',
    );
  }
  metrics.applied(committedAt, performance.now() - started);
}

function hasReached(source: ChangeSource, position: string, until: string): boolean {
  const order = source.compare(position, until);
  return order === 0 || order === 1;
}

function stopped(): TsmoltError {
  return new TsmoltError('TSM1005', {
    message: 'stopped on request',
    advice:
      'Run the same command again: replication goes on from its checkpoint, without loss or repetition.',
  });
}
