import { displayName, TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, TableName } from '@tsmolt/core';
import { applySteps } from './apply-steps.js';
import type { StepContext, TableOutcome } from './apply-steps.js';
import { arrival, collapse, deletionOf, departure, isWholeRow } from './collapse.js';
import type { RoutedEvent, Step } from './collapse.js';
import type { RoutedTransaction } from './prepare.js';
import type { RoutedMutation } from './target-tables.js';
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
 * stand in each other's way (values of a unique key that were swapped) are deleted and written together.
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
    this.#refuse(change, 'waits for an earlier change of its row');
    return true;
  }

  /**
   * A row gets another key in place, so that what points at it can follow. Where that is refused the row comes under its new
   * key now, and goes under the old one when nothing points there any more.
   */
  async #applyOne(change: RoutedMutation): Promise<void> {
    const reason = await this.#refusal([change], change.oldKey === undefined);
    if (reason === undefined) return;
    const [comes, goes] = [arrival(change), departure(change)];
    if (comes === undefined || goes === undefined || (await this.#refusal([comes])) !== undefined)
      this.#refuse(change, reason);
    else this.#refuse(goes, reason);
  }

  #refuse(change: RoutedMutation, reason: string): void {
    this.#refused.push({ change, reason });
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

  /** Only where nothing points at the rows: what does would be deleted with them, or would forbid it. */
  async #writeTogether(): Promise<void> {
    const tables = new Set(this.#refused.map(({ change }) => change.route.table));
    for (const table of tables) {
      if (this.#context.order.isReferenced(table)) continue;
      // All of a table's, or none: what stays behind would come after what it was to come before.
      const rows = this.#refused.map(({ change }) => change).filter(({ route }) => route.table === table);
      const steps = rewritten(rows);
      if (steps !== undefined && (await this.#attempt(steps)) === undefined)
        this.#refused = this.#refused.filter(({ change }) => change.route.table !== table);
    }
  }

  #refusal(changes: readonly RoutedMutation[], combine = true): Promise<string | undefined> {
    return this.#attempt(collapse(changes, combine));
  }

  /** @returns why the target refused it */
  async #attempt(steps: ReturnType<typeof collapse>): Promise<string | undefined> {
    const run = (): Promise<TableOutcome[]> => applySteps(this.#transaction, steps, this.#context);
    try {
      this.#outcomes.push(...(await this.#transaction.attempt(run)));
      return undefined;
    } catch (thrown) {
      if (isRefusal(thrown)) return thrown.message;
      throw thrown;
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
