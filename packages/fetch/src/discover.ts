import { displayName, loadOrder, matchTables, nameFilter, TsmoltError } from '@tsmolt/core';
import type { LoadOrder, Mismatch, Table, TablePair } from '@tsmolt/core';
import type { FetchOptions } from './options.js';

/** What the catalogs say before anything is touched. */
export interface Discovery {
  readonly sourceTables: readonly Table[];
  /** Tables of the target that have a counterpart on the source, under whatever spelling of their names. */
  readonly targetTables: readonly Table[];
  /** Empty when the tables are to be created. */
  readonly pairs: readonly TablePair[];
}

/**
 * Reads both catalogs and compares them.
 *
 * @throws TsmoltError `TSM3005` when the filters let no table through, `TSM3003` when a difference forbids the load,
 *   `TSM3007` when foreign keys of the target leave no order to load in
 */
export async function discover(options: FetchOptions): Promise<Discovery> {
  const [sourceTables, targetTables] = await Promise.all([
    options.source.catalog.tables(options.filter),
    options.target.catalog.tables(nameFilter({})),
  ]);
  if (sourceTables.length === 0) throw nothingToDo(options);
  assertReadable(sourceTables, options);
  const { pairs, mismatches } = matchTables(sourceTables, targetTables, options);
  if (options.tableHandling === 'drop-on-target-and-recreate') {
    return { sourceTables, targetTables: pairs.map((pair) => pair.target), pairs: [] };
  }
  reportMismatches(mismatches, options);
  assertNoCircle(loadOrder(pairs.map((pair) => pair.target)));
  return { sourceTables, targetTables: pairs.map((pair) => pair.target), pairs };
}

function nothingToDo(options: FetchOptions): TsmoltError {
  return new TsmoltError('TSM3005', {
    message: `no table on the source matches ${options.filter.description}`,
    advice:
      'Check the filters (they are case-sensitive), the database in --source, and that the user may see its schemas.',
  });
}

/** Found out before anything on the target is emptied or dropped. */
function assertReadable(tables: readonly Table[], options: FetchOptions): void {
  const closed = tables.filter((table) => !table.readable).map((table) => displayName(table.name));
  if (closed.length === 0) return;
  throw new TsmoltError('TSM3001', {
    message: `user "${options.source.url.user}" may not read ${closed.join(', ')} on the source`,
    advice:
      'Grant SELECT on them and USAGE on their schemas, or leave them out with --table-exclusion-filter.',
  });
}

function reportMismatches(mismatches: readonly Mismatch[], options: FetchOptions): void {
  for (const mismatch of mismatches) {
    const fields = {
      table: displayName(mismatch.table),
      ...(mismatch.column === undefined ? {} : { column: mismatch.column }),
      mismatch_tag: mismatch.tag,
      failable_mismatch: mismatch.failable,
      advice: mismatch.advice,
    };
    if (mismatch.failable) options.logger.error(fields, mismatch.message);
    else options.logger.warn(fields, mismatch.message);
  }
  const failing = mismatches.filter((mismatch) => mismatch.failable);
  const [first] = failing;
  if (first === undefined) return;
  const others = failing.length === 1 ? '' : ` (and ${failing.length - 1} more, all in the log above)`;
  throw new TsmoltError('TSM3003', { message: `${first.message}${others}`, advice: first.advice });
}

function assertNoCircle(order: LoadOrder): void {
  if (order.circle.length === 0) return;
  throw new TsmoltError('TSM3007', {
    message: `foreign keys on the target go round in a circle through ${order.circle.join(', ')}`,
    advice: 'Drop one of these foreign keys on the target until the data is loaded, then add it again.',
  });
}
