import { TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, TableName } from '@tsmolt/core';
import pLimit from 'p-limit';
import { applyDivided } from './apply-divided.js';
import type { Divided } from './apply-divided.js';
import { isRefusal } from './apply-in-order.js';
import { applySteps } from './apply-steps.js';
import type { StepContext, TableOutcome } from './apply-steps.js';
import { collapse } from './collapse.js';
import type { RoutedEvent, RoutedTransaction } from '../route/routed-transaction.js';
import type { ReplicationOptions } from '../options.js';
import type { RoutedMutation } from '../route/target-tables.js';
import type { TableOrder } from '../route/table-order.js';
import { emptiedBy, forgetWaiting, putBehind } from './put-behind.js';
import type { Deferred } from './put-behind.js';
import { BlockedRows } from './waiting-changes.js';

/** How far the stream has come with a batch. */
export interface Checkpoint {
  readonly position: string;
  /** The batch will be repeated if the target loses it: nobody was told yet that it is there. */
  readonly lazy: boolean;
}

/** What became of the changes of a batch. */
export interface Written {
  readonly outcomes: readonly TableOutcome[];
  /** Changes that wait in staging now. */
  readonly deferred: readonly RoutedMutation[];
}

/** Writes transactions of the source to the target, and what cannot be written yet to staging. */
export class BatchWriter {
  readonly #options: ReplicationOptions;
  readonly #blocked: BlockedRows;

  constructor(options: ReplicationOptions, blocked: BlockedRows) {
    this.#options = options;
    this.#blocked = blocked;
  }

  /**
   * All of the transactions together with the checkpoint, in one transaction of the target; with `--enableParallelApplies`
   * in one for each group of tables that foreign keys connect, and the checkpoint after all of them.
   *
   * @throws TsmoltError kind `retry` or `TSM4007`: then the checkpoint says whether it was done
   */
  async write(
    transactions: readonly RoutedTransaction[],
    steps: StepContext,
    checkpoint: Checkpoint,
  ): Promise<Written> {
    const groups = this.#options.parallelApplies ? groupsOf(transactions, steps.order) : [transactions];
    if (groups.length < 2) return this.#writeOne(transactions, steps, checkpoint);
    const limit = pLimit(this.#options.parallelism);
    const written = await settled(
      groups.map((group) => limit(() => this.#writeOne(group, steps, undefined))),
    );
    await this.#options.staging.saveMemo(this.#options.memoKey, checkpoint.position);
    return {
      outcomes: written.flatMap(({ outcomes }) => outcomes),
      deferred: written.flatMap(({ deferred }) => deferred),
    };
  }

  async #writeOne(
    transactions: readonly RoutedTransaction[],
    steps: StepContext,
    checkpoint: Checkpoint | undefined,
  ): Promise<Written> {
    const { free, behind } = this.#split(transactions);
    const emptied = this.#blocked.any ? emptiedBy(free) : [];
    const write = (inOrder: boolean): Promise<Outcome> =>
      this.transaction(async (transaction) => {
        const done = inOrder
          ? await this.#inOrder(transaction, free, { ...steps, trusting: false, blocked: new BlockedRows() })
          : { outcomes: await this.#atOnce(transaction, free, steps), deferred: [] };
        const result = { ...done, deferred: [...behind, ...done.deferred], emptied };
        await this.#remember(transaction, result, checkpoint?.position);
        return result;
      }, checkpoint?.lazy);
    return this.#finish(await this.#refusedOnce(write), checkpoint?.position);
  }

  /** One transaction of the source that comes in parts; the checkpoint is known with the last of them. */
  async writeParts(
    parts: AsyncIterable<RoutedTransaction & { readonly last: boolean }>,
    steps: StepContext,
  ): Promise<Written & { readonly position: string; readonly committedAt: number }> {
    let end: { position: string; committedAt: number } | undefined;
    const outcome = await this.transaction(async (transaction): Promise<Outcome> => {
      const outcomes: TableOutcome[] = [];
      const deferred: Deferred[] = [];
      const emptied: TableName[] = [];
      for await (const part of parts) {
        if (this.#blocked.any) emptied.push(...emptiedBy([part]));
        const free = putBehind(part, this.#blocked, deferred);
        // A later part must not overtake what an earlier one left behind.
        const done = await this.#inOrder(transaction, [free], { ...steps, blocked: this.#blocked });
        outcomes.push(...done.outcomes);
        deferred.push(...done.deferred);
        if (part.last) end = part;
      }
      if (end === undefined) throw new Error('a transaction without an end');
      const result = { outcomes, deferred, emptied };
      await this.#remember(transaction, result, end.position);
      return result;
    });
    if (end === undefined) throw new Error('a transaction without an end');
    return { ...(await this.#finish(outcome, end.position)), ...end };
  }

  /** Where staging can take part in it, the work ends with what fences it; elsewhere it is fenced here. */
  transaction<Result>(
    work: (transaction: ApplyTransaction) => Promise<Result>,
    lazy = false,
  ): Promise<Result> {
    const { target, staging, signal, applyTimeoutMs: timeoutMs, statementCacheSize } = this.#options;
    if (target.applyTarget === undefined) throw new Error('the target cannot be written to');
    const fenced = async (transaction: ApplyTransaction): Promise<Result> => {
      const result = await work(transaction);
      if (!staging.sharesTransactions) await staging.fence();
      return result;
    };
    return target.applyTarget.transaction(fenced, { signal, timeoutMs, statementCacheSize, lazy });
  }

  /** Everything put together; where the target refuses a row, half by half down to the transactions that it refuses. */
  async #refusedOnce(write: (inOrder: boolean) => Promise<Outcome>): Promise<Outcome> {
    try {
      return await write(false);
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      this.#options.logger.debug(
        { reason: thrown.message },
        'a batch was refused; it is divided, down to the transactions that are refused',
      );
      this.#options.metrics.conflict();
      return write(true);
    }
  }

  #atOnce(
    transaction: ApplyTransaction,
    transactions: readonly RoutedTransaction[],
    steps: StepContext,
  ): Promise<TableOutcome[]> {
    const events = transactions.flatMap((one) => one.events);
    return applySteps(transaction, collapse(events, this.#options.collapse, steps.trusting), steps);
  }

  #inOrder(
    transaction: ApplyTransaction,
    transactions: readonly RoutedTransaction[],
    context: StepContext & { readonly blocked: BlockedRows },
  ): Promise<Divided> {
    return applyDivided(transaction, transactions, { ...context, combine: this.#options.collapse });
  }

  /** Changes of rows that have an earlier change waiting are not tried. */
  #split(transactions: readonly RoutedTransaction[]): {
    free: readonly RoutedTransaction[];
    behind: Deferred[];
  } {
    const behind: Deferred[] = [];
    return { free: transactions.map((one) => putBehind(one, this.#blocked, behind)), behind };
  }

  /** Within the transaction, where staging can take part in it. */
  async #remember(
    transaction: ApplyTransaction,
    { deferred, emptied }: Outcome,
    checkpoint: string | undefined,
  ): Promise<void> {
    const { staging, memoKey } = this.#options;
    if (!staging.sharesTransactions) return;
    if (emptied.length > 0) await forgetWaiting(staging, emptied, transaction);
    if (deferred.length > 0)
      await staging.stage(
        deferred.map(({ staged }) => staged),
        transaction,
      );
    // A checkpoint is fenced by itself, without another round trip.
    if (checkpoint === undefined) await staging.fence(transaction);
    else await staging.saveMemo(memoKey, checkpoint, transaction);
  }

  /** After the transaction, where it cannot: a crash in between applies the batch once more, to the same effect. */
  async #finish({ outcomes, deferred, emptied }: Outcome, checkpoint: string | undefined): Promise<Written> {
    const { staging, memoKey } = this.#options;
    if (!staging.sharesTransactions) {
      if (emptied.length > 0) await forgetWaiting(staging, emptied);
      if (deferred.length > 0) await staging.stage(deferred.map(({ staged }) => staged));
      if (checkpoint !== undefined) await staging.saveMemo(memoKey, checkpoint);
    }
    for (const { change } of deferred) this.#blocked.add(change);
    return { outcomes, deferred: deferred.map(({ change }) => change) };
  }
}

/** The changes of each group of connected tables, in their order. An emptied table keeps everything together. */
function groupsOf(
  transactions: readonly RoutedTransaction[],
  order: TableOrder,
): readonly (readonly RoutedTransaction[])[] {
  const groups = new Map<number, RoutedTransaction[]>();
  for (const { events, ...rest } of transactions) {
    const parts = new Map<number, RoutedEvent[]>();
    for (const event of events) {
      if (event.kind === 'truncate') return [transactions];
      const group = order.group(event.route.table);
      const part = parts.get(group);
      if (part === undefined) parts.set(group, [event]);
      else part.push(event);
    }
    for (const [group, part] of parts)
      groups.set(group, [...(groups.get(group) ?? []), { ...rest, events: part }]);
  }
  return [...groups.values()];
}

/** Waits for all, so that none is still writing when the first error is thrown. */
async function settled<Result>(running: readonly Promise<Result>[]): Promise<Result[]> {
  await Promise.allSettled(running);
  return Promise.all(running);
}

interface Outcome extends Divided {
  /** Tables that were emptied while changes waited in staging. */
  readonly emptied: readonly TableName[];
}

/** Whether the transaction may have been committed although nobody heard of it. */
export function isUnknownOutcome(thrown: unknown): boolean {
  return thrown instanceof TsmoltError && thrown.code === 'TSM4007';
}
