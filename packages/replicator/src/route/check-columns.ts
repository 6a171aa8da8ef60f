import { mixesAttributes, TsmoltError, typeMismatch } from '@tsmolt/core';
import type { Table } from '@tsmolt/core';
import type { ReplicationOptions } from '../options.js';
import { columnPairs, narrowedColumns } from './narrowed-columns.js';
import type { TargetTables } from './target-tables.js';

/**
 * Looks for columns whose values the target would take otherwise, without a word. What a userscript makes of values nobody can
 * tell.
 *
 * @param tables of the source
 * @throws TsmoltError `TSM7005` where attributes of a composite type would change places
 */
export function checkColumns(
  tables: readonly Table[],
  { logger, script }: Pick<ReplicationOptions, 'logger' | 'script'>,
  target: TargetTables,
): void {
  if (script !== undefined) return;
  refuseOtherAttributes(tables, target);
  const columns = narrowedColumns(tables, target);
  if (columns.length > 0)
    logger.warn({ columns }, 'values of some columns are rounded on the target, whose types hold less');
}

/** Everything else of a type that does not fit, the target refuses by the row: this it would take. */
function refuseOtherAttributes(tables: readonly Table[], target: TargetTables): void {
  for (const pair of columnPairs(tables, target)) {
    if (!mixesAttributes(pair.source.type, pair.target.type)) continue;
    const { message, advice } = typeMismatch(pair.place, pair.source, pair.target);
    throw new TsmoltError('TSM7005', { message, advice: `${advice} Then start again: nothing was lost.` });
  }
}
