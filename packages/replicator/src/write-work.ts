import type { Logger, Table, TableName } from '@tsmolt/core';
import type { TableOutcome } from './apply/apply-steps.js';
import type { Written } from './apply/batch-writer.js';
import { prepare } from './route/prepare.js';
import type { RoutedTransaction } from './route/routed-transaction.js';
import type { Stream } from './stream.js';
import type { SourceTransaction, TransactionPart } from './read/transactions.js';
import type { Work } from './read/work-queue.js';

/** Writes what came from the queue, and through the script, to the target, and notes how far it has come. */
export async function writeWork(stream: Stream, work: Work): Promise<void> {
  const { progress, source, options } = stream;
  if (work.kind === 'progress') await progress.passed(work, source, options.acknowledgeEveryMs);
  else if (work.kind === 'large') await writeLarge(stream, work.parts);
  else await writeBatch(stream, work.transactions);
}

/** What comes before something that must not be written is written, and then the reason is thrown. */
async function writeBatch(stream: Stream, transactions: readonly SourceTransaction[]): Promise<void> {
  const { options, source, progress, schema, writer, accepted, shapes } = stream;
  await shapes.keep(source);
  const { transactions: routed, stop } = await schema.prepared((tables) =>
    Promise.resolve(prepare(transactions, { options, source, tables, accepted })),
  );
  const last = routed.at(-1);
  if (last !== undefined) {
    const started = performance.now();
    if (routed.some(({ events }) => events.length > 0)) {
      // A checkpoint elsewhere must not be ahead of what the target has on its disk.
      const lazy = options.staging.sharesTransactions && !progress.isDue(options.acknowledgeEveryMs);
      const written = await writer.write(routed, schema.steps, { position: last.position, lazy });
      progress.wrote({ position: last.position, at: last.committedAt }, source, lazy);
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
  const { options, source, progress, schema, writer, accepted, shapes } = stream;
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
        Promise.resolve(prepare([{ events, position, committedAt }], { options, source, tables, accepted })),
      );
      if (stop !== undefined) throw stop;
      const [part] = transactions;
      if (part === undefined) continue;
      changes += part.events.length;
      if (commit !== undefined) await shapes.keep(source);
      yield { ...part, last: commit !== undefined };
    }
  };
  const written = await writer.writeParts(routed(), schema.steps);
  progress.wrote({ position: written.position, at: written.committedAt }, source, false);
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
    warnOfLeftOut(outcome, logger, targetLabel);
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

/** Tables of the target that were warned of. */
const warned = new WeakSet<Table>();

/** Once for a table: a trigger that does so once does it often. */
function warnOfLeftOut(
  { table, proposed, leftOut = 0 }: TableOutcome,
  logger: Logger,
  targetLabel: (table: TableName) => string,
): void {
  if (leftOut === 0 || warned.has(table)) return;
  warned.add(table);
  logger.warn(
    { target: targetLabel(table.name), proposed, left_out: leftOut },
    'the target has left out rows without refusing them: a trigger or a rule of the table does so; they are missing there',
  );
}
