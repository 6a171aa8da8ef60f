import { startsWith, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import type { Rule } from './rule.js';

const schemaChanges: ReadonlySet<string> = new Set(['create', 'alter', 'drop', 'truncate', 'comment']);

export function isSchemaChange(statement: Statement): boolean {
  return schemaChanges.has(wordAt(statement, 0));
}

/** `autocommit_before_ddl`, which is on since v25.1: a schema change first commits the transaction that it stands in. */
export const autocommitBeforeDdl: Rule = async (statement, context) => {
  if (startsWith(statement, 'set', 'search_path')) context.session.upsertTargets.clear();
  if (!isSchemaChange(statement)) return undefined;
  context.session.upsertTargets.clear();
  if (context.session.variables.get('autocommit_before_ddl') === 'off') return undefined;
  return (await context.inTransaction()) ? { sql: statement.sql, before: ['COMMIT'] } : undefined;
};
