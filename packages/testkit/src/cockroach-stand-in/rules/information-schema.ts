import { applyEdits, nameValue, textAt } from '../sql/statement.js';
import type { Rule } from './rule.js';

/** `information_schema.columns` with CockroachDB's additional columns `is_hidden` and `crdb_sql_type`. */
export const informationSchema: Rule = (statement) => {
  const schemas = statement.tokens.filter(
    (token, index) =>
      nameValue(token) === 'information_schema' &&
      textAt(statement, index + 1) === '.' &&
      nameValue(statement.tokens[index + 2]) === 'columns',
  );
  if (schemas.length === 0) return undefined;
  return {
    sql: applyEdits(
      statement.sql,
      schemas.map(({ start, end }) => ({ start, end, text: 'crdb_internal' })),
    ),
  };
};
