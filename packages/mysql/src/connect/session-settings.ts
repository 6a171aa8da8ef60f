import type { MysqlCapabilities } from './mysql-server.js';

/** A week: longer than a slow target keeps an export waiting. */
const patientSeconds = 604_800;

/**
 * The statements that make sessions of all servers alike: texts, times and comparisons mean the same wherever the server's
 * own settings differ, and nothing ends a long export or cuts its result.
 */
export function sessionSettings(capabilities: MysqlCapabilities): readonly string[] {
  const settings = [
    'NAMES utf8mb4 COLLATE utf8mb4_bin',
    "time_zone = '+00:00'",
    "sql_mode = ''",
    'autocommit = 1',
    'sql_auto_is_null = 0',
    'sql_select_limit = 18446744073709551615',
    'sql_big_selects = 1',
    'group_concat_max_len = 4294967295',
    `net_read_timeout = ${patientSeconds}`,
    `net_write_timeout = ${patientSeconds}`,
    `wait_timeout = ${patientSeconds}`,
    `${capabilities.statementTimeLimit} = 0`,
    ...(capabilities.idleTransactionTimeout
      ? ['idle_transaction_timeout = 0', 'idle_readonly_transaction_timeout = 0']
      : []),
    ...(capabilities.cachedStatistics ? ['information_schema_stats_expiry = 0'] : []),
    ...(capabilities.generatedPrimaryKeys ? ['show_gipk_in_create_table_and_information_schema = 1'] : []),
  ];
  return [`SET ${settings.join(', ')}`, 'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ'];
}
