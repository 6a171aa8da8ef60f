import { textAt, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import type { Rule } from './rule.js';

/** Functions of PostgreSQL that CockroachDB lacks and that a migration tool might call. */
export const unsupportedFunctions: ReadonlySet<string> = new Set([
  'pg_export_snapshot',
  'hashtext',
  'hashtextextended',
  'hash_record',
  'hash_record_extended',
  'bit_xor',
  'pg_current_wal_lsn',
  'pg_current_wal_insert_lsn',
  'pg_create_logical_replication_slot',
  'pg_create_physical_replication_slot',
  'pg_logical_slot_get_changes',
  'pg_logical_slot_peek_changes',
  'pg_logical_emit_message',
  'pg_replication_origin_create',
  'pg_replication_origin_session_setup',
  'pg_replication_origin_xact_setup',
  'pg_current_snapshot',
  'txid_current_snapshot',
]);

/** PostgreSQL's hidden columns. CockroachDB's own are called crdb_internal_mvcc_timestamp and tableoid. */
const unsupportedColumns: ReadonlySet<string> = new Set(['ctid', 'xmin', 'xmax', 'cmin', 'cmax']);

export const refusedNames: Rule = (statement) => {
  const found = statement.tokens.findIndex(
    (_token, index) => isUnsupportedCall(statement, index) || isUnsupportedColumn(statement, index),
  );
  if (found < 0) return undefined;
  const name = wordAt(statement, found);
  return unsupportedColumns.has(name)
    ? { refuse: { sqlstate: '42703', message: `column "${name}" does not exist` } }
    : { refuse: { sqlstate: '42883', message: `unknown function: ${name}()` } };
};

function isUnsupportedCall(statement: Statement, index: number): boolean {
  return unsupportedFunctions.has(wordAt(statement, index)) && textAt(statement, index + 1) === '(';
}

function isUnsupportedColumn(statement: Statement, index: number): boolean {
  return (
    unsupportedColumns.has(wordAt(statement, index)) &&
    wordAt(statement, index - 1) !== 'as' &&
    textAt(statement, index + 1) !== '('
  );
}
