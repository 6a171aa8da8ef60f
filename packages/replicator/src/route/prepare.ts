import { TsmoltError } from '@tsmolt/core';
import type { ChangeSource, Mutation, SchemaEvent } from '@tsmolt/core';
import type { AcceptedAlterations } from './accepted-alterations.js';
import type { ReplicationOptions } from '../options.js';
import type { RoutedEvent, RoutedTransaction } from './routed-transaction.js';
import type { ChangeScript } from '../script.js';
import { judge } from './schema-events.js';
import type { TargetTables } from './target-tables.js';
import type { SourceTransaction, TransactionEvent } from '../read/transactions.js';

export interface Prepared {
  readonly transactions: readonly RoutedTransaction[];
  /** Why the transaction after these must not be written; these must be, before anybody hears of it. */
  readonly stop: TsmoltError | undefined;
}

export interface PrepareContext {
  readonly options: ReplicationOptions;
  readonly source: ChangeSource;
  readonly tables: TargetTables;
  readonly accepted: AcceptedAlterations;
}

/** Routes the changes of transactions up to the first that must not be written. */
export function prepare(transactions: readonly SourceTransaction[], context: PrepareContext): Prepared {
  const routed: RoutedTransaction[] = [];
  for (const { events, position, committedAt } of transactions) {
    const found = routeEvents(events, position, context);
    if (found instanceof TsmoltError) return { transactions: routed, stop: found };
    routed.push({ events: found, position, committedAt });
  }
  return { transactions: routed, stop: undefined };
}

/** What a script makes of the changes: those of all transactions cross into it at once. */
export async function runScript<Part extends { readonly events: readonly TransactionEvent[] }>(
  parts: readonly Part[],
  script: ChangeScript,
): Promise<Part[]> {
  const changes = parts.flatMap(({ events }) => events.filter(isMutation));
  const results = await script.transform(changes);
  let next = 0;
  return parts.map((part) => {
    const events: TransactionEvent[] = [];
    for (const event of part.events) {
      if (isMutation(event)) events.push(...(results[next++] ?? []));
      else events.push(event);
    }
    return { ...part, events };
  });
}

function isMutation(event: TransactionEvent): event is Mutation {
  return event.kind !== 'truncate' && event.kind !== 'ddl';
}

/** @returns the error that stands in the way of the whole transaction, where there is one */
function routeEvents(
  events: readonly TransactionEvent[],
  position: string,
  context: PrepareContext,
): RoutedEvent[] | TsmoltError {
  const routed: RoutedEvent[] = [];
  try {
    for (const event of events) {
      if (event.kind === 'truncate' || event.kind === 'ddl') {
        const verdict = judge(event, position, context);
        if (verdict === 'apply' && context.options.script?.movesRows === true)
          return emptiedBehindScript(event, position);
        if (verdict instanceof TsmoltError) return verdict;
        if (verdict === 'apply') routed.push(truncation(event, context.tables));
      } else routed.push(context.tables.routed(event));
    }
  } catch (thrown) {
    if (thrown instanceof TsmoltError) return thrown;
    throw thrown;
  }
  return routed;
}

/** Rows of several tables may have come together in one, and those of one may have gone to several. */
function emptiedBehindScript({ statement }: SchemaEvent, position: string): TsmoltError {
  return new TsmoltError('TSM7001', {
    message: `replication paused before position ${position}: the source did "${statement}", and the userscript, which sends rows to tables, is not asked where these went`,
    advice: `Everything before it is on the target. Delete there what came from these tables, then run again with --acceptUpTo ${position}.`,
  });
}

function truncation({ tables }: SchemaEvent, target: TargetTables): RoutedEvent {
  return { kind: 'truncate', tables: tables.flatMap(({ table }) => target.find(table)?.name ?? []) };
}
