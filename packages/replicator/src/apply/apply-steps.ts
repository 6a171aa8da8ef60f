import { displayName, TsmoltError } from '@tsmolt/core';
import type {
  ApplyTransaction,
  ChangedTable,
  EmptiedTable,
  Mutation,
  RowBatch,
  Table,
  TableName,
} from '@tsmolt/core';
import { collapse } from './collapse.js';
import type { Step, TableChanges } from './collapse.js';
import { batchesOf, rekeyOf } from './row-batches.js';
import type { TableBatches } from './row-batches.js';
import type { ChangeScript, ScriptedMutation } from '../script.js';
import type { TableOrder } from '../route/table-order.js';
import type { Route, RoutedMutation, TargetTables } from '../route/target-tables.js';

/** What was written to one table by one step. */
export interface TableOutcome {
  readonly table: Table;
  readonly proposed: number;
  readonly upserted: number;
  readonly deleted: number;
  /** Rows that the target took without a word and did not write: a trigger or a rule left them out. */
  readonly leftOut?: number;
  readonly durationMs: number;
}

export interface StepContext {
  readonly order: TableOrder;
  readonly tables: TargetTables;
  readonly script: ChangeScript | undefined;
  /** Rows that the source inserted are taken for new on the target, too: refused where they are not. */
  readonly trusting: boolean;
}

/** @throws TsmoltError `TSM4011` when the target refuses a row, or lacks one that has to be there */
export async function applySteps(
  transaction: ApplyTransaction,
  steps: readonly Step[],
  context: StepContext,
): Promise<TableOutcome[]> {
  const outcomes: TableOutcome[] = [];
  for (const step of steps) {
    if (step.kind === 'rows') outcomes.push(...(await applyRows(transaction, step.tables, context)));
    else if (step.kind === 'truncate') await transaction.truncate(emptied(step.tables, context.tables));
    else outcomes.push(...(await applyRekey(transaction, step.change, context)));
  }
  return outcomes;
}

function emptied(names: readonly TableName[], tables: TargetTables): readonly EmptiedTable[] {
  return names.map((name) => tables.find(name.table) ?? { name, partitioned: true });
}

interface Work {
  readonly table: Table;
  readonly changes: readonly RoutedMutation[];
  readonly batches: TableBatches;
  upserted: number;
  deleted: number;
  leftOut: number;
  durationMs: number;
}

/**
 * Rows that nothing can point at are deleted first, so that their unique values are free; then rows are written, parents
 * before children; then the others are deleted, children before parents.
 */
async function applyRows(
  transaction: ApplyTransaction,
  tables: readonly TableChanges[],
  context: StepContext,
): Promise<TableOutcome[]> {
  const { order } = context;
  const works = tables
    .map((changes): Work => ({
      ...changes,
      batches: batchesOf(changes, context.trusting),
      upserted: 0,
      deleted: 0,
      leftOut: 0,
      durationMs: 0,
    }))
    .toSorted((left, right) => order.rank(left.table) - order.rank(right.table));
  const own = works.filter(({ table }) => context.script?.writes(table) !== true).toReversed();
  for (const work of own) {
    if (!order.isReferenced(work.table)) await timed(work, () => remove(transaction, work));
  }
  for (const work of works) {
    await timed(work, () =>
      own.includes(work) ? write(transaction, work) : writeByScript(transaction, work, context),
    );
  }
  for (const work of own) {
    if (order.isReferenced(work.table)) await timed(work, () => remove(transaction, work));
  }
  return works.map(({ table, changes, upserted, deleted, leftOut, durationMs }) => ({
    table,
    proposed: changes.length,
    upserted,
    deleted,
    ...(leftOut > 0 ? { leftOut } : {}),
    durationMs,
  }));
}

async function timed(work: Work, run: () => Promise<void>): Promise<void> {
  const started = performance.now();
  await run();
  work.durationMs += performance.now() - started;
}

async function remove(transaction: ApplyTransaction, work: Work): Promise<void> {
  for (const batch of work.batches.deletes) work.deleted += await transaction.delete(batch);
}

async function write(transaction: ApplyTransaction, work: Work): Promise<void> {
  for (const batch of work.batches.upserts) {
    const written = await transaction.upsert(batch);
    work.upserted += written;
    work.leftOut += batch.rows.length - written;
  }
  for (const batch of work.batches.updates) {
    const found = await transaction.update(batch);
    if (found < batch.rows.length) throw missingRows(batch, batch.rows.length - found);
    work.upserted += found;
  }
}

/** Rows that the script gives back are written without it. */
async function writeByScript(transaction: ApplyTransaction, work: Work, context: StepContext): Promise<void> {
  const changes = work.changes.map(asMutation);
  const writeOwn = async (rows: readonly Mutation[]): Promise<void> => {
    const steps = collapse(
      rows.map((row) => context.tables.routed(row)),
      true,
    );
    await applySteps(transaction, steps, { ...context, script: undefined });
  };
  await context.script?.write({ table: work.table, changes, transaction, write: writeOwn });
  work.upserted += work.changes.length;
}

const shapes = new WeakMap<Route, ChangedTable>();

/** In the target's names. The same shape is the same object, so that a script has to learn it once. */
function asMutation({ route, kind, values, oldKey, source }: RoutedMutation): ScriptedMutation {
  let table = shapes.get(route);
  if (table === undefined) {
    table = { name: route.table.name, columns: route.columns, key: route.keyAt };
    shapes.set(route, table);
  }
  const change = { kind, table, values, ...(oldKey === undefined ? {} : { oldKey }) };
  const { before, sourceBefore }: ScriptedMutation = source;
  if (before === undefined) return change;
  return {
    ...change,
    before: route.take === undefined ? before : route.take.map((at) => before[at]),
    sourceBefore: sourceBefore ?? { columns: source.table.columns, values: before },
  };
}

/** A row that has its new key already was given it before the answer to a COMMIT was lost. */
async function applyRekey(
  transaction: ApplyTransaction,
  change: RoutedMutation,
  context: StepContext,
): Promise<TableOutcome[]> {
  const { table } = change.route;
  if (context.script?.writes(table) === true) {
    return applyRows(transaction, [{ table, changes: [change] }], context);
  }
  const started = performance.now();
  const batch = rekeyOf(change);
  const found = (await transaction.rekey(batch, change.oldKey ?? [])) || (await transaction.update(batch));
  if (found === 0) throw missingRows(batch, 1);
  return [{ table, proposed: 1, upserted: 1, deleted: 0, durationMs: performance.now() - started }];
}

/** Only some of the row's values came, so that it cannot be written where it is not there. */
function missingRows({ table, key, rows }: RowBatch, count: number): TsmoltError {
  const which = count === 1 && rows.length === 1 ? 'the row' : `${count} of ${rows.length} rows`;
  return new TsmoltError('TSM4011', {
    message: `${displayName(table.name)}: ${which} to be updated by (${key.join(', ')}) ${count === 1 ? 'is' : 'are'} not on the target`,
    advice:
      'Somebody deleted on the target, or the load was incomplete: compare with `tsmolt verify`, and repair with --repair-file.',
  });
}
