import { startsWith, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import { inFailedTransaction } from './rule.js';
import type { Rule } from './rule.js';

const schemaChanges: ReadonlySet<string> = new Set(['create', 'alter', 'drop', 'truncate', 'comment']);

export function isSchemaChange(statement: Statement): boolean {
  return schemaChanges.has(wordAt(statement, 0));
}

/** `autocommit_before_ddl`, which is on since v25.1: a schema change first commits the transaction that it stands in. */
export const autocommitBeforeDdl: Rule = async (statement, context) => {
  if (startsWith(statement, 'set', 'search_path')) context.session.upsertTargets.clear();
  if (!isSchemaChange(statement)) return undefined;
  context.schemaClock.tick();
  if (context.session.variables.get('autocommit_before_ddl') === 'off') return undefined;
  const transaction = await context.transaction();
  if (transaction === 'failed') return inFailedTransaction;
  return transaction === 'open' ? { sql: statement.sql, before: ['COMMIT'] } : undefined;
};
