import { displayName } from '@tsmolt/core';
import type { ApplyTransaction, StagingStore, TableName } from '@tsmolt/core';
import type { RoutedTransaction } from '../route/routed-transaction.js';
import type { RoutedMutation } from '../route/target-tables.js';
import { stagedForm } from './waiting-changes.js';
import type { BlockedRows } from './waiting-changes.js';

/** A change that is going to wait in staging. */
export interface Deferred {
  readonly change: RoutedMutation;
  readonly staged: ReturnType<typeof stagedForm>;
}

/**
 * Takes changes out of a transaction whose rows have an earlier change waiting: they wait behind it. What waits for a table
 * that the transaction empties is gone with its rows.
 *
 * @param deferred what waits so far; changed here
 */
export function putBehind(
  one: RoutedTransaction,
  blocked: BlockedRows,
  deferred: Deferred[],
): RoutedTransaction {
  if (!blocked.any) return one;
  const events = one.events.filter((event) => {
    if (event.kind === 'truncate') {
      const emptied = new Set(event.tables.map(displayName));
      const left = deferred.filter(({ change }) => !emptied.has(displayName(change.route.table.name)));
      deferred.splice(0, deferred.length, ...left);
      return true;
    }
    if (!blocked.has(event)) return true;
    blocked.add(event);
    const reason = 'waits for an earlier change of its row';
    deferred.push({ change: event, staged: stagedForm({ change: event, reason }, one) });
    return false;
  });
  return { ...one, events };
}

/** The tables that transactions empty. */
export function emptiedBy(transactions: readonly RoutedTransaction[]): readonly TableName[] {
  return transactions.flatMap(({ events }) =>
    events.flatMap((event) => (event.kind === 'truncate' ? event.tables : [])),
  );
}

const pageSize = 1000;

/** What waits in staging for tables that were emptied must not come back into them. */
export async function forgetWaiting(
  staging: StagingStore,
  emptied: readonly TableName[],
  within?: ApplyTransaction,
): Promise<void> {
  const names = new Set(emptied.map(displayName));
  let after: string | undefined;
  for (;;) {
    const page = await staging.waiting(pageSize, after);
    const gone = page.filter(({ table }) => names.has(displayName(table)));
    if (gone.length > 0) await staging.markApplied(gone, within);
    after = page.at(-1)?.sequence;
    if (page.length < pageSize) return;
  }
}
