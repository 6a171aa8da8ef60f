import type { ChangeChunk } from '@tsmolt/core';
import { hasReached } from '../stream.js';
import type { Stream } from '../stream.js';
import { cutChunk } from './cut-chunk.js';
import { TransactionAssembler } from './transactions.js';
import type { WorkQueue } from './work-queue.js';

/**
 * Reads changes into the queue until the end is reached or the signal fires. Never rejects: what fails here, the writer
 * hears of through the queue.
 */
export async function readChanges(stream: Stream, queue: WorkQueue, signal: AbortSignal): Promise<void> {
  const { options, source, progress, until } = stream;
  const assembler = new TransactionAssembler(options.flush.bytes);
  try {
    for await (const whole of source.changes(progress.positions.durable, signal)) {
      const arrivedAt = performance.now();
      const { chunk, reached } =
        until === undefined
          ? { chunk: whole, reached: false }
          : cutChunk(whole, (position) => hasReached(source, position, until));
      for (const assembled of assembler.add(chunk)) {
        queue.add(assembled, arrivedAt);
        if (queue.full) await queue.room();
      }
      noteRead(chunk, stream, queue);
      if (reached) break;
    }
    queue.end();
  } catch (thrown) {
    if (options.drain.aborted && !options.signal.aborted && !assembler.inParts) queue.end();
    else queue.fail(thrown);
  }
}

/** Once for each chunk: there may be thousands of transactions in one. */
function noteRead(
  { events }: ChangeChunk,
  { options: { metrics }, progress }: Stream,
  queue: WorkQueue,
): void {
  const counts = new Map<string, number>();
  let committedAt: number | undefined;
  let position: string | undefined;
  let [kind, count] = ['', 0];
  for (const event of events) {
    if (event.kind === 'commit' || event.kind === 'heartbeat') ({ position } = event);
    else if (event.kind === kind) count += 1;
    else {
      counts.set(kind, (counts.get(kind) ?? 0) + count);
      [kind, count] = [event.kind, 1];
    }
    if (event.kind === 'commit') ({ committedAt } = event);
  }
  counts.set(kind, (counts.get(kind) ?? 0) + count);
  if (position !== undefined) progress.received(position);
  for (const [of, seen] of counts) if (seen > 0) metrics.received(of, seen);
  if (committedAt !== undefined) metrics.read(committedAt);
  const { rows, percent } = queue.depth;
  metrics.queue(rows, percent);
}
