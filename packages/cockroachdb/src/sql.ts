/**
 * Settings that make text and loads behave the same whatever the role's defaults are. Source: CockroachDB manual,
 * "Session variables". COPY stays atomic: a batch that fails leaves nothing, so that it can be sent again.
 */
const settings: Readonly<Record<string, string>> = {
  timezone: 'UTC',
  datestyle: 'ISO, MDY',
  intervalstyle: 'postgres',
  extra_float_digits: '3',
  bytea_output: 'hex',
  statement_timeout: '0',
  lock_timeout: '0',
  idle_in_transaction_session_timeout: '0',
  copy_from_atomic_enabled: 'on',
};

/** The statement that prepares a session. */
export function sessionSettings(): string {
  return Object.entries(settings)
    .map(([name, value]) => `SET ${name} = '${value}'`)
    .join('; ');
}
