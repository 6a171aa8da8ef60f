import { suppliedFunctions } from '../database-setup.js';
import { applyEdits, textAt, wordAt } from '../sql/statement.js';
import type { Edit, Statement } from '../sql/statement.js';
import type { Rule } from './rule.js';

/** Calls of functions that CockroachDB has, or answers otherwise than PostgreSQL does: `version()`, `cluster_logical_timestamp()`. */
export const suppliedFunctionCalls: Rule = (statement) => {
  const edits: Edit[] = [];
  for (const [index, token] of statement.tokens.entries()) {
    if (!suppliedFunctions.has(token.word) || textAt(statement, index + 1) !== '(') continue;
    const start = callStart(statement, index);
    if (start !== undefined) edits.push({ start, end: token.end, text: `crdb_internal.${token.word}` });
  }
  return edits.length === 0 ? undefined : { sql: applyEdits(statement.sql, edits) };
};

/** `pg_catalog.version()` is the same function; in any other schema it is somebody's own. */
function callStart(statement: Statement, index: number): number | undefined {
  if (textAt(statement, index - 1) !== '.') return statement.tokens[index]?.start;
  return wordAt(statement, index - 2) === 'pg_catalog' ? statement.tokens[index - 2]?.start : undefined;
}
