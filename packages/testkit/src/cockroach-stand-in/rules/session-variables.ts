import { cockroachVariables, normalValue, refusedVariables, settingName } from '../session-variables.js';
import { nameValue, quoteLiteral, stringValue, textAt, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import { unimplemented } from './rule.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

/** SET, RESET and SHOW of variables that only CockroachDB has, and the refusal of those that it has not. */
export const sessionVariables: Rule = (statement, context) => {
  switch (wordAt(statement, 0)) {
    case 'set':
      return setVariable(statement, context);
    case 'reset':
      return resetVariable(statement, context);
    case 'show':
      return showVariable(statement);
    default:
      return undefined;
  }
};

function setVariable(statement: Statement, context: RuleContext): Verdict | undefined {
  const scope =
    wordAt(statement, 1) === 'local' || wordAt(statement, 1) === 'session' ? wordAt(statement, 1) : '';
  const nameAt = scope === '' ? 1 : 2;
  const name = nameValue(statement.tokens[nameAt]);
  if (refusedVariables.has(name))
    return unimplemented(`the configuration setting "${name}" is not supported`);
  if (!cockroachVariables.has(name) || !['=', 'to'].includes(textAt(statement, nameAt + 1).toLowerCase()))
    return undefined;
  const given = statement.tokens[nameAt + 2];
  if (given?.word === 'default') return resetTo(name, context);
  const value = normalValue(name, stringValue(given) ?? nameOrText(statement, nameAt + 2));
  context.session.variables.set(name, value);
  return { sql: `SET ${scope} ${settingName(name)} TO ${quoteLiteral(value)}` };
}

function nameOrText(statement: Statement, index: number): string {
  const token = statement.tokens[index];
  if (token?.kind === 'quoted') return nameValue(token);
  // A number with its sign.
  return statement.tokens
    .slice(index)
    .map(({ text }) => text)
    .join('');
}

function resetVariable(statement: Statement, context: RuleContext): Verdict | undefined {
  const name = nameValue(statement.tokens[wordAt(statement, 1) === 'session' ? 2 : 1]);
  return cockroachVariables.has(name) ? resetTo(name, context) : undefined;
}

function resetTo(name: string, context: RuleContext): Verdict {
  context.session.variables.delete(name);
  return { sql: `RESET ${settingName(name)}` };
}

function showVariable(statement: Statement): Verdict | undefined {
  const name = nameValue(statement.tokens[wordAt(statement, 1) === 'session' ? 2 : 1]);
  if (name === 'crdb_version') return { sql: `SELECT current_setting('crdb.version') AS crdb_version` };
  if (!cockroachVariables.has(name)) return undefined;
  return { sql: `SELECT current_setting(${quoteLiteral(settingName(name))}) AS ${name}` };
}
