import { cockroachVariables, settingName } from '../session-variables.js';
import { applyEdits, quoteLiteral, stringValue, textAt } from '../sql/statement.js';
import type { Edit } from '../sql/statement.js';
import type { Rule } from './rule.js';

/** `current_setting('autocommit_before_ddl')` and `set_config(...)` of variables that only CockroachDB has. */
export const settingFunctions: Rule = (statement) => {
  const edits: Edit[] = [];
  for (const [index, token] of statement.tokens.entries()) {
    if (
      (token.word !== 'current_setting' && token.word !== 'set_config') ||
      textAt(statement, index + 1) !== '('
    )
      continue;
    const argument = statement.tokens[index + 2];
    const name = stringValue(argument)?.toLowerCase() ?? '';
    if (argument === undefined || !(cockroachVariables.has(name) || name === 'crdb_version')) continue;
    const setting = name === 'crdb_version' ? 'crdb.version' : settingName(name);
    edits.push({ start: argument.start, end: argument.end, text: quoteLiteral(setting) });
  }
  return edits.length === 0 ? undefined : { sql: applyEdits(statement.sql, edits) };
};
