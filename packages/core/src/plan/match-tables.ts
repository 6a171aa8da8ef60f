import { comparisonKey, displayName } from '../names.js';
import type { Table } from '../schema.js';
import { columnMismatches, tableMismatches } from './mismatches.js';
import type { Mismatch } from './mismatches.js';
import type { MatchOptions, TablePair } from './table-pair.js';

export interface MatchResult {
  readonly pairs: readonly TablePair[];
  readonly mismatches: readonly Mismatch[];
}

/** Finds each source table's counterpart on the target and everything that differs between the two. */
export function matchTables(
  source: readonly Table[],
  target: readonly Table[],
  options: MatchOptions,
): MatchResult {
  const targets = new Map(target.map((table) => [tableKey(table, options), table]));
  const pairs: TablePair[] = [];
  const mismatches: Mismatch[] = [];
  for (const table of source) {
    const counterpart = targets.get(tableKey(table, options));
    if (counterpart === undefined) {
      mismatches.push(missingTable(table));
      continue;
    }
    const pair = pairColumns(table, counterpart, options);
    pairs.push(pair);
    mismatches.push(...tableMismatches(pair, options), ...columnMismatches(pair, options));
  }
  return { pairs, mismatches };
}

/** Pairs a table with the one that was just created from its definition. */
export function pairColumns(
  source: Table,
  target: Table,
  options: { readonly caseSensitive: boolean },
): TablePair {
  const byName = new Map(
    target.columns.map((column) => [comparisonKey(column.name, options.caseSensitive), column]),
  );
  const columns = source.columns.flatMap((column) => {
    const counterpart = byName.get(comparisonKey(column.name, options.caseSensitive));
    return counterpart === undefined || counterpart.generated
      ? []
      : [{ source: column, target: counterpart }];
  });
  return { source, target, columns };
}

function tableKey(table: Table, options: MatchOptions): string {
  return comparisonKey(JSON.stringify([table.name.schema, table.name.table]), options.caseSensitive);
}

function missingTable(table: Table): Mismatch {
  return {
    tag: 'missing table',
    failable: true,
    table: table.name,
    message: `${displayName(table.name)} does not exist on the target`,
    advice:
      'Create it there, leave it out with --table-exclusion-filter, or use --table-handling drop-on-target-and-recreate.',
  };
}
