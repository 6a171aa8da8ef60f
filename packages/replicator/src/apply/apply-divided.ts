import type { ApplyTransaction } from '@tsmolt/core';
import { applyInOrder, isRefusal } from './apply-in-order.js';
import { applySteps } from './apply-steps.js';
import type { StepContext, TableOutcome } from './apply-steps.js';
import { collapse } from './collapse.js';
import type { RoutedTransaction } from '../route/routed-transaction.js';
import { putBehind } from './put-behind.js';
import type { Deferred } from './put-behind.js';
import { stagedForm } from './waiting-changes.js';
import type { BlockedRows } from './waiting-changes.js';

export interface Divided {
  readonly outcomes: readonly TableOutcome[];
  readonly deferred: readonly Deferred[];
}

export interface DivideContext extends StepContext {
  readonly combine: boolean;
  /** Gets the rows of what is refused: a later transaction must not overtake it. */
  readonly blocked: BlockedRows;
}

/**
 * Applies transactions of the source, in their order, of which the target refuses some: together what it takes together, and
 * half by half what it refuses, down to single transactions. One that it refuses among a thousand costs twenty attempts.
 */
export async function applyDivided(
  transaction: ApplyTransaction,
  transactions: readonly RoutedTransaction[],
  context: DivideContext,
): Promise<Divided> {
  const division = new Division(transaction, context);
  await division.apply(transactions);
  return division;
}

class Division implements Divided {
  readonly outcomes: TableOutcome[] = [];
  readonly deferred: Deferred[] = [];
  readonly #transaction: ApplyTransaction;
  readonly #context: DivideContext;

  constructor(transaction: ApplyTransaction, context: DivideContext) {
    this.#transaction = transaction;
    this.#context = context;
  }

  async apply(transactions: readonly RoutedTransaction[]): Promise<void> {
    const [first] = transactions;
    if (first === undefined) return;
    if (transactions.length === 1) {
      await this.#applyOne(first);
      return;
    }
    if (this.#isFree(transactions) && (await this.#applyTogether(transactions))) return;
    const half = Math.ceil(transactions.length / 2);
    await this.apply(transactions.slice(0, half));
    await this.apply(transactions.slice(half));
  }

  /** Whether nothing of the transactions has to wait behind what was refused, or takes that along with its table. */
  #isFree(transactions: readonly RoutedTransaction[]): boolean {
    const { blocked } = this.#context;
    if (!blocked.any && this.deferred.length === 0) return true;
    return transactions.every(({ events }) =>
      events.every((event) => event.kind !== 'truncate' && !blocked.has(event)),
    );
  }

  /** @returns whether the target took them */
  async #applyTogether(transactions: readonly RoutedTransaction[]): Promise<boolean> {
    const { combine, ...context } = this.#context;
    const steps = collapse(
      transactions.flatMap(({ events }) => events),
      combine,
      context.trusting,
    );
    try {
      const done = await this.#transaction.attempt(() => applySteps(this.#transaction, steps, context));
      this.outcomes.push(...done);
      return true;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      return false;
    }
  }

  async #applyOne(one: RoutedTransaction): Promise<void> {
    const { blocked, ...context } = this.#context;
    const free = putBehind(one, blocked, this.deferred);
    const { outcomes, refused } = await applyInOrder(this.#transaction, free, context);
    this.outcomes.push(...outcomes);
    for (const each of refused) {
      blocked.add(each.change);
      this.deferred.push({ change: each.change, staged: stagedForm(each, one) });
    }
  }
}
