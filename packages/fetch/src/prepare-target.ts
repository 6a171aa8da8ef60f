import { displayName, nameFilter, pairColumns, TsmoltError } from '@tsmolt/core';
import type { BulkTarget, TableDefinition, TablePair } from '@tsmolt/core';
import type { Discovery } from './discover.js';
import type { FetchOptions } from './options.js';

/** The target's ability to take rows in bulk. @throws TsmoltError `TSM2008` where it has none */
export function bulkTargetOf(options: FetchOptions): BulkTarget {
  if (options.target.bulkTarget !== undefined) return options.target.bulkTarget;
  throw new TsmoltError('TSM2008', {
    message: `${options.target.product} at ${options.target.url.host} cannot be the target of fetch`,
    advice: 'Use a CockroachDB or PostgreSQL target.',
  });
}

/**
 * Makes the target's tables ready as `--table-handling` says, after asking where rows would be destroyed.
 *
 * @returns the tables and columns that are to be filled
 * @throws TsmoltError `TSM1005` when the answer is no
 */
export async function prepareTarget(
  options: FetchOptions,
  discovery: Discovery,
): Promise<readonly TablePair[]> {
  const bulk = bulkTargetOf(options);
  const existing = discovery.targetTables.map((table) => table.name);
  switch (options.tableHandling) {
    case 'none':
      return discovery.pairs;
    case 'truncate-if-exists':
      await confirmed(options, `truncate ${existing.length} tables on the target`);
      options.logger.info({ tables: existing.map(displayName) }, 'truncating tables on the target');
      await bulk.truncateTables(existing);
      return discovery.pairs;
    case 'drop-on-target-and-recreate':
      return recreate(options, bulk, discovery);
  }
}

async function recreate(options: FetchOptions, bulk: BulkTarget, discovery: Discovery): Promise<TablePair[]> {
  // What cannot be created must come out before anything is dropped.
  const definitions = await bulk.planTables(discovery.planned);
  const existing = discovery.targetTables.map((table) => table.name);
  if (existing.length > 0) {
    await confirmed(options, `drop ${existing.length} tables on the target`);
    options.logger.info({ tables: existing.map(displayName) }, 'dropping tables on the target');
    await bulk.dropTables(existing);
  }
  for (const { statements } of definitions) {
    for (const statement of statements) options.logger.debug(`running: ${statement}`);
  }
  await bulk.createTables(definitions);
  logCreated(options, definitions);
  // What the target made of the statements is what counts, not what they were meant to make.
  const now = await options.target.catalog.tables(nameFilter({}));
  const byName = new Map(now.map((table) => [displayName(table.name), table]));
  return discovery.plans.map((plan) => {
    const target = byName.get(displayName(plan.target));
    if (target === undefined) throw new Error(`${displayName(plan.target)} was created and cannot be found`);
    return pairColumns(plan, target, { caseSensitive: true });
  });
}

function logCreated(options: FetchOptions, definitions: readonly TableDefinition[]): void {
  for (const { name, notCarriedOver } of definitions) {
    const table = displayName(name);
    if (notCarriedOver.length === 0) options.logger.info({ table }, 'created table on the target');
    else
      options.logger.warn(
        { table, not_carried_over: notCarriedOver },
        'created table on the target without some of its definition',
      );
  }
}

async function confirmed(options: FetchOptions, what: string): Promise<void> {
  if (
    await options.confirm(`This will ${what} (${options.target.url.host}, ${options.target.url.database}).`)
  )
    return;
  throw new TsmoltError('TSM1005', {
    message: `stopped before it would ${what}: nothing was changed`,
    advice: 'Answer yes, or use --non-interactive where nobody is there to ask.',
  });
}
