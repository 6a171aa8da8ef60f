import { displayName, refusalOf, TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, RowBatch, Table, TableName } from '@tsmolt/core';
import { applySteps } from './apply-steps.js';
import type { StepContext, TableOutcome } from './apply-steps.js';
import { arrival, collapse, deletionOf, departure, isWholeRow } from './collapse.js';
import type { Step } from './collapse.js';
import type { RoutedEvent, RoutedTransaction } from '../route/routed-transaction.js';
import { notExchanged, setAside } from './set-aside.js';
import type { RoutedMutation } from '../route/target-tables.js';
import { BlockedRows } from './waiting-changes.js';
import type { RefusedChange } from './waiting-changes.js';

export interface InOrder {
  readonly outcomes: readonly TableOutcome[];
  readonly refused: readonly RefusedChange[];
}

/** Whether the target refused a row, so that another order, or another form, may do. */
export function isRefusal(thrown: unknown): thrown is TsmoltError {
  return thrown instanceof TsmoltError && thrown.code === 'TSM4011';
}

/**
 * Applies one transaction of the source where its changes, put together, were refused: first as it is, then half by half down
 * to single changes, in the order of the source. What is refused even so is tried again after the others, and then rows that
 * stand in each other's way (values of a unique key that were swapped) are deleted and written together, or, where that
 * must not be, get passing values and then their own.
 */
export async function applyInOrder(
  transaction: ApplyTransaction,
  { events }: Pick<RoutedTransaction, 'events'>,
  context: StepContext & { readonly combine: boolean },
): Promise<InOrder> {
  // Rows may be there that the source has just inserted: then they are overwritten.
  for (const trusting of context.trusting ? [true, false] : [false]) {
    try {
      const steps = collapse(events, context.combine, trusting);
      const outcomes = await transaction.attempt(() =>
        applySteps(transaction, steps, { ...context, trusting }),
      );
      return { outcomes, refused: [] };
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
    }
  }
  return new Ladder(transaction, { ...context, trusting: false }).climb(events);
}

class Ladder {
  readonly #transaction: ApplyTransaction;
  readonly #context: StepContext;
  readonly #outcomes: TableOutcome[] = [];
  #refused: RefusedChange[] = [];
  /** Rows of what was refused: a later change of one must not overtake it. */
  #blocked = new BlockedRows();

  constructor(transaction: ApplyTransaction, context: StepContext) {
    this.#transaction = transaction;
    this.#context = context;
  }

  async climb(events: readonly RoutedEvent[]): Promise<InOrder> {
    let changes: RoutedMutation[] = [];
    for (const event of events) {
      if (event.kind !== 'truncate') changes.push(event);
      else {
        await this.#applySome(changes);
        changes = [];
        await this.#empty(event.tables);
      }
    }
    await this.#applySome(changes);
    await this.#applyRefused();
    await this.#writeTogether();
    return { outcomes: this.#outcomes, refused: this.#refused };
  }

  /** Again and again, as long as anything comes of it: what one change waited for may have come with another. */
  async #applyRefused(): Promise<void> {
    if (this.#outcomes.length === 0) return;
    for (let before = Number.POSITIVE_INFINITY; this.#left > 0 && this.#left < before;) {
      before = this.#left;
      const again = this.#refused.map(({ change }) => change);
      this.#refused = [];
      this.#blocked = new BlockedRows();
      await this.#applySome(again);
    }
  }

  /** A change of a key of which half is done is less than a whole one. */
  get #left(): number {
    return this.#refused.reduce((sum, { change }) => sum + (change.oldKey === undefined ? 1 : 2), 0);
  }

  async #applySome(changes: readonly RoutedMutation[]): Promise<void> {
    const free = changes.filter((change) => !this.#putBehind(change));
    const [only] = free;
    if (only === undefined) return;
    if (free.length === 1) {
      await this.#applyOne(only);
      return;
    }
    if ((await this.#refusal(free)) === undefined) return;
    const half = Math.ceil(free.length / 2);
    await this.#applySome(free.slice(0, half));
    await this.#applySome(free.slice(half));
  }

  #putBehind(change: RoutedMutation): boolean {
    if (!this.#blocked.has(change)) return false;
    this.#refuse(change, { reason: 'waits for an earlier change of its row' });
    return true;
  }

  /**
   * A row gets another key in place, so that what points at it can follow. Where that is refused the row comes under its new
   * key now, and goes under the old one when nothing points there any more.
   */
  async #applyOne(change: RoutedMutation): Promise<void> {
    const refusal = await this.#refusal([change], change.oldKey === undefined);
    if (refusal === undefined) return;
    const [comes, goes] = [arrival(change), departure(change)];
    if (comes === undefined || goes === undefined || (await this.#refusal([comes])) !== undefined)
      this.#refuse(change, refusal);
    else this.#refuse(goes, refusal);
  }

  #refuse(change: RoutedMutation, refusal: Omit<RefusedChange, 'change'>): void {
    this.#refused.push({ change, ...refusal });
    this.#blocked.add(change);
  }

  /** What was refused before its table was emptied is gone with the table. */
  async #empty(tables: readonly TableName[]): Promise<void> {
    this.#outcomes.push(
      ...(await applySteps(this.#transaction, [{ kind: 'truncate', tables }], this.#context)),
    );
    const emptied = new Set(tables.map(displayName));
    const left = this.#refused.filter(({ change }) => !emptied.has(displayName(change.route.table.name)));
    this.#refused = left;
    this.#blocked = new BlockedRows();
    for (const { change } of left) this.#blocked.add(change);
  }

  async #writeTogether(): Promise<void> {
    const tables = new Set(this.#refused.map(({ change }) => change.route.table));
    for (const table of tables) {
      // All of a table's, or none: what stays behind would come after what it was to come before.
      const refused = this.#refused.filter(({ change }) => change.route.table === table);
      const rows = refused.map(({ change }) => change);
      if ((await this.#rewrite(table, rows)) || (await this.#exchange(table, refused)))
        this.#refused = this.#refused.filter(({ change }) => change.route.table !== table);
    }
  }

  /** Only where nothing points at the rows: what does would be deleted with them, or would forbid it. */
  async #rewrite(table: Table, rows: readonly RoutedMutation[]): Promise<boolean> {
    if (this.#context.order.isReferenced(table)) return false;
    const steps = rewritten(rows);
    return steps !== undefined && (await this.#attempt(steps)) === undefined;
  }

  /** In place. A userscript that writes the rows itself need not write all that was taken from them. */
  async #exchange(table: Table, refused: readonly RefusedChange[]): Promise<boolean> {
    const { script, tables } = this.#context;
    const duplicates = refused.filter(({ duplicate }) => duplicate === true).length;
    if (duplicates < 2 || script?.writes(table) === true) return false;
    const steps = collapse(
      refused.map(({ change }) => change),
      true,
    );
    for (const nullable of [true, false]) {
      const aside = setAside(steps, tables.all, { nullable });
      if (aside.length > 0 && (await this.#attempt(steps, aside)) === undefined) return true;
      if (aside.length === 0) this.#explain(table);
    }
    return false;
  }

  #explain(table: Table): void {
    this.#refused = this.#refused.map((one) =>
      one.change.route.table === table && one.duplicate === true && !one.reason.endsWith(notExchanged)
        ? { ...one, reason: `${one.reason}${notExchanged}` }
        : one,
    );
  }

  #refusal(
    changes: readonly RoutedMutation[],
    combine = true,
  ): Promise<Omit<RefusedChange, 'change'> | undefined> {
    return this.#attempt(collapse(changes, combine));
  }

  /** @returns why the target refused it */
  async #attempt(
    steps: ReturnType<typeof collapse>,
    before: readonly RowBatch[] = [],
  ): Promise<Omit<RefusedChange, 'change'> | undefined> {
    const run = async (): Promise<TableOutcome[]> => {
      for (const batch of before) await this.#transaction.update(batch);
      return applySteps(this.#transaction, steps, this.#context);
    };
    try {
      this.#outcomes.push(...(await this.#transaction.attempt(run)));
      return undefined;
    } catch (thrown) {
      if (!isRefusal(thrown)) throw thrown;
      const { message: reason } = thrown;
      return refusalOf(thrown)?.kind === 'unique' ? { reason, duplicate: true } : { reason };
    }
  }
}

/**
 * Deletes all rows that the changes concern, and then writes those that are left of them.
 *
 * @returns undefined where a value would be lost by it that the source did not send, or does not know
 */
function rewritten(changes: readonly RoutedMutation[]): Step[] | undefined {
  const steps = collapse(changes, true);
  const rows = steps.flatMap((step) =>
    step.kind === 'rows' ? step.tables.flatMap((one) => one.changes) : [],
  );
  const whole =
    steps.every(({ kind }) => kind === 'rows') &&
    rows.every((row) => row.kind === 'delete' || isWholeRow(row));
  if (rows.length < 2 || !whole) return undefined;
  const deletions = rows.map((row) =>
    deletionOf(
      row,
      row.route.keyAt.map((at) => row.values[at]),
    ),
  );
  return [...collapse(deletions, true), ...steps];
}
