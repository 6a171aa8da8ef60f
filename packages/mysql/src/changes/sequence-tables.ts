import type { TableMap } from './table-map.js';

/** The columns of every sequence of MariaDB, in their order. Source: `sql/sql_sequence.cc` in its sources. */
const columnsOfSequence = [
  'next_not_cached_value', 'minimum_value', 'maximum_value', 'start_value', 'increment', 'cache_size', 'cycle_option',
  'cycle_count',
].join(); // prettier-ignore

/**
 * Whether a table map describes a sequence: MariaDB writes its state into the log as the one row of a table without a key.
 * Only names of columns tell, which the log has with `binlog_row_metadata=FULL`.
 */
export function isSequence({ columns, primaryKey }: TableMap): boolean {
  return primaryKey === undefined && columns.map(({ name }) => name).join() === columnsOfSequence;
}
