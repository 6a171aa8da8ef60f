/** Session variables that CockroachDB has and PostgreSQL has not, with their defaults (v25.4). */
export const cockroachVariables: ReadonlyMap<string, string> = new Map([
  ['allow_unsafe_internals', 'off'],
  ['autocommit_before_ddl', 'on'],
  ['avoid_full_table_scans_in_mutations', 'on'],
  ['copy_fast_path_enabled', 'on'],
  ['copy_from_atomic_enabled', 'on'],
  ['copy_from_retries_enabled', 'on'],
  ['copy_num_retries_per_batch', '5'],
  ['copy_transaction_quality_of_service', 'background'],
  ['copy_write_pipelining_enabled', 'off'],
  ['create_table_with_schema_locked', 'off'],
  ['default_int_size', '8'],
  ['default_transaction_priority', 'normal'],
  ['default_transaction_quality_of_service', 'regular'],
  ['default_transaction_use_follower_reads', 'off'],
  ['disable_changefeed_replication', 'off'],
  ['disallow_full_table_scans', 'off'],
  ['distsql', 'auto'],
  ['enable_durable_locking_for_serializable', 'off'],
  ['enable_implicit_select_for_update', 'on'],
  ['enable_implicit_transaction_for_batch_statements', 'on'],
  ['enable_insert_fast_path', 'on'],
  ['expect_and_ignore_not_visible_columns_in_copy', 'off'],
  ['foreign_key_cascades_limit', '10000'],
  ['inject_retry_errors_enabled', 'off'],
  ['inject_retry_errors_on_commit_enabled', 'off'],
  ['large_full_scan_rows', '0'],
  ['multiple_active_portals_enabled', 'off'],
  ['null_ordered_last', 'off'],
  ['prefer_lookup_joins_for_fks', 'off'],
  ['require_explicit_primary_keys', 'off'],
  ['results_buffer_size', '524288'],
  ['serial_normalization', 'rowid'],
  ['sql_safe_updates', 'off'],
  ['strict_ddl_atomicity', 'off'],
  ['transaction_rows_read_err', '0'],
  ['transaction_rows_read_log', '0'],
  ['transaction_rows_written_err', '0'],
  ['transaction_rows_written_log', '0'],
  ['use_declarative_schema_changer', 'on'],
  ['vectorize', 'on'],
]);

/** PostgreSQL's variables that CockroachDB refuses to set and that a migration tool might reach for. */
export const refusedVariables: ReadonlySet<string> = new Set([
  'commit_delay',
  'constraint_exclusion',
  'default_statistics_target',
  'effective_cache_size',
  'geqo',
  'join_collapse_limit',
  'maintenance_work_mem',
  'max_parallel_workers_per_gather',
  'max_parallel_workers',
  'password_encryption',
  'random_page_cost',
  'session_replication_role',
  'temp_buffers',
  'wal_compression',
  'work_mem',
]);

/** PostgreSQL keeps a CockroachDB variable for us, transactions and RESET included, as a setting of this name. */
export function settingName(variable: string): string {
  return `crdb.${variable}`;
}

/** `true`, `1`, `yes` are printed as `on` by SHOW where the variable is a switch. */
export function normalValue(variable: string, value: string): string {
  const initial = cockroachVariables.get(variable);
  if (initial !== 'on' && initial !== 'off') return value;
  if (/^(?:on|true|t|yes|1)$/i.test(value)) return 'on';
  return /^(?:off|false|f|no|0)$/i.test(value) ? 'off' : value;
}
