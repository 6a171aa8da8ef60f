import { asTsmoltError, displayName } from '@tsmolt/core';
import type {
  ApplyTransaction,
  ChangeValue,
  DeadLetters,
  Logger,
  StagedMutation,
  StagingStore,
  Table,
} from '@tsmolt/core';
import { applySteps } from './apply-steps.js';
import type { StepContext } from './apply-steps.js';
import { collapse } from './collapse.js';
import type { RoutedTransaction } from '../route/routed-transaction.js';
import { notExchanged } from './set-aside.js';
import { routeInto } from '../route/target-tables.js';
import type { RoutedMutation, TargetTables } from '../route/target-tables.js';

/** A change that the target refused, and why. */
export interface RefusedChange {
  readonly change: RoutedMutation;
  readonly reason: string;
  /** A value of a unique key was there already. */
  readonly duplicate?: true;
}

/** What a dead letter also says: that the userscript writes the rows of its table itself. */
export interface ByScript {
  readonly byScript?: true;
}

const pageSize = 1000;

/** How a change looks while it waits. */
export function stagedForm(
  { change, reason }: RefusedChange,
  { position, committedAt }: Pick<RoutedTransaction, 'position' | 'committedAt'>,
): Omit<StagedMutation, 'sequence'> {
  const { route, kind, values, oldKey, source } = change;
  const key = route.keyAt.map((at) => values[at] ?? null);
  return {
    table: route.table.name,
    key: JSON.stringify(key),
    kind,
    after: named(route.columns, values),
    ...(source.before === undefined ? {} : { before: named(source.table.columns, source.before) }),
    ...(oldKey === undefined ? {} : { oldKey: named(route.key, oldKey) }),
    position,
    committedAt,
    attempts: 0,
    reason,
  };
}

function named(columns: readonly string[], values: readonly ChangeValue[]): Record<string, string | null> {
  const entries = columns.flatMap((column, at): [string, string | null][] => {
    const value = values[at];
    return value === undefined ? [] : [[column, value]];
  });
  return Object.fromEntries(entries);
}

/** Rows that have a change waiting in staging, or a dead letter: every later change of them has to wait behind it. */
export class BlockedRows {
  #rows = new Set<string>();

  get any(): boolean {
    return this.#rows.size > 0;
  }

  has(change: RoutedMutation): boolean {
    return keysOf(change).some((key) => this.#rows.has(rowName(change.route.table.name, key)));
  }

  add(change: RoutedMutation): void {
    for (const key of keysOf(change)) this.#rows.add(rowName(change.route.table.name, key));
  }

  replace(rows: Set<string>): void {
    this.#rows = rows;
  }
}

/** A change of a key concerns two rows. */
function keysOf(change: RoutedMutation): string[] {
  const now = JSON.stringify(change.route.keyAt.map((at) => change.values[at] ?? null));
  return change.oldKey === undefined ? [now] : [now, JSON.stringify(change.oldKey)];
}

function rowName(table: StagedMutation['table'], key: string): string {
  return `${displayName(table)} ${key}`;
}

/** As `BlockedRows` names the rows of a change. */
function rowNames({ table, key, oldKey }: Pick<StagedMutation, 'table' | 'key' | 'oldKey'>): string[] {
  const now = rowName(table, key);
  return oldKey === undefined ? [now] : [now, rowName(table, JSON.stringify(Object.values(oldKey)))];
}

export interface SweepContext {
  readonly staging: StagingStore;
  readonly deadLetters: DeadLetters;
  readonly tables: TargetTables;
  readonly steps: StepContext;
  readonly maxRetries: number;
  readonly logger: Logger;
  readonly transaction: <Result>(work: (transaction: ApplyTransaction) => Promise<Result>) => Promise<Result>;
}

export interface SweepResult {
  readonly applied: number;
  readonly waiting: number;
  readonly parked: number;
}

/**
 * Tries changes that wait once more, the oldest first, none before an earlier one of its row; gives up those that were
 * tried often enough. Tells `blocked` which rows are still to be waited for.
 */
export async function sweep(context: SweepContext, blocked: BlockedRows): Promise<SweepResult> {
  const rows = new Set<string>();
  for (const letter of await context.deadLetters.list(Number.MAX_SAFE_INTEGER))
    for (const name of rowNames(letter)) rows.add(name);
  const result = { applied: 0, waiting: 0, parked: 0 };
  let after: string | undefined;
  for (;;) {
    const page = await context.staging.waiting(pageSize, after);
    for (const staged of page) {
      const names = rowNames(staged);
      const outcome = names.some((name) => rows.has(name)) ? 'waiting' : await retryOne(context, staged);
      if (outcome !== 'applied') for (const name of names) rows.add(name);
      result[outcome] += 1;
    }
    after = page.at(-1)?.sequence;
    if (page.length < pageSize) break;
  }
  blocked.replace(rows);
  return result;
}

async function retryOne(context: SweepContext, staged: StagedMutation): Promise<keyof SweepResult> {
  try {
    await settle(context, staged, (transaction) => applyStaged(transaction, staged, context));
    return 'applied';
  } catch (thrown) {
    const { code, message } = asTsmoltError(thrown);
    if (code !== 'TSM4011' && code !== 'TSM7005') throw thrown;
    // Alone the change says nothing about the other one that it came with.
    const explained = staged.reason.endsWith(notExchanged) ? `${message}${notExchanged}` : message;
    return noteFailure(context, staged, explained);
  }
}

/** Together, where staging can take part in the transaction; else a crash in between does the work once more. */
async function settle(
  { staging, transaction: transact }: SweepContext,
  staged: StagedMutation,
  work: (transaction: ApplyTransaction) => Promise<void>,
): Promise<void> {
  await transact(async (transaction) => {
    await work(transaction);
    if (staging.sharesTransactions) await staging.markApplied([staged], transaction);
  });
  if (!staging.sharesTransactions) await staging.markApplied([staged]);
}

async function noteFailure(
  context: SweepContext,
  staged: StagedMutation,
  reason: string,
): Promise<'waiting' | 'parked'> {
  const attempts = staged.attempts + 1;
  if (attempts <= context.maxRetries) {
    await context.staging.markFailed(staged, reason);
    return 'waiting';
  }
  const table = context.tables.find(staged.table.table);
  const byScript = table !== undefined && context.steps.script?.writes(table) === true;
  const parked: StagedMutation & ByScript = { ...staged, attempts, reason, ...(byScript && { byScript }) };
  await settle(context, staged, (transaction) => context.deadLetters.park(parked, transaction));
  context.logger.error(
    { table: displayName(staged.table), key: staged.key, position: staged.position, reason },
    `given up after ${attempts} attempts: the change is a dead letter now, and later changes of its row wait; see tsmolt replicator dlq list`,
  );
  return 'parked';
}

/** @throws TsmoltError `TSM4011`, or `TSM7005` where the target has no place for it */
export async function applyStaged(
  transaction: ApplyTransaction,
  staged: Omit<StagedMutation, 'sequence'>,
  { tables, steps }: Pick<SweepContext, 'tables' | 'steps'>,
): Promise<void> {
  const change = routedFromStaging(staged, tables);
  await applySteps(transaction, collapse([change], true), steps);
}

function routedFromStaging(staged: Omit<StagedMutation, 'sequence'>, tables: TargetTables): RoutedMutation {
  const columns = Object.keys(staged.after);
  const values = Object.values(staged.after);
  const table = tables.find(staged.table.table);
  const key = table === undefined ? [] : keyColumnsOf(table, staged).map((name) => columns.indexOf(name));
  const changed = { name: staged.table, columns, key };
  const oldKey =
    staged.oldKey === undefined ? undefined : key.map((at) => staged.oldKey?.[columns[at] ?? '']);
  const source = { kind: staged.kind, table: changed, values, ...(oldKey === undefined ? {} : { oldKey }) };
  if (table === undefined) return tables.routed(source);
  const route = routeInto(table, changed);
  const taken = route.take === undefined ? values : route.take.map((at) => values[at]);
  return { route, kind: staged.kind, values: taken, source, ...(oldKey === undefined ? {} : { oldKey }) };
}

/** The key of the target whose values are the ones that were noted, in whichever order the source has them. */
function keyColumnsOf(
  table: Table,
  { after, key }: Pick<StagedMutation, 'after' | 'key'>,
): readonly string[] {
  const keys = [...(table.primaryKey === undefined ? [] : [table.primaryKey]), ...table.uniqueKeys];
  const inAnyOrder = (values: readonly (string | null)[]): string =>
    JSON.stringify(values.map((value) => JSON.stringify(value)).toSorted(byCodeUnits));
  const values = inAnyOrder(JSON.parse(key) as (string | null)[]);
  const noted = keys.find(({ columns }) => inAnyOrder(columns.map((name) => after[name] ?? null)) === values);
  return (noted ?? table.primaryKey)?.columns ?? [];
}

function byCodeUnits(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}
