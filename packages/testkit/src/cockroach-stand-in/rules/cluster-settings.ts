import {
  afterName,
  quoteLiteral,
  quoteName,
  sourceBetween,
  startsWith,
  stringValue,
  wordAt,
} from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

/** SET, RESET and SHOW CLUSTER SETTING: kept by the stand-in, and gone with it. */
export const clusterSettings: Rule = (statement, context) => {
  if (wordAt(statement, 1) !== 'cluster' || wordAt(statement, 2) !== 'setting') return undefined;
  const end = afterName(statement, 3);
  const name = sourceBetween(statement, 3, end).toLowerCase();
  if (startsWith(statement, 'show')) return show(name, context);
  if (startsWith(statement, 'reset')) context.clusterSettings.reset(name);
  else if (startsWith(statement, 'set')) assign(statement, name, end, context);
  else return undefined;
  // Something that is acknowledged as SET is.
  return { sql: `SET crdb.cluster_setting TO ${quoteLiteral(name)}` };
};

function assign(statement: Statement, name: string, end: number, context: RuleContext): void {
  if (wordAt(statement, end + 1) === 'default') return context.clusterSettings.reset(name);
  const written = statement.tokens
    .slice(end + 1)
    .map(({ text }) => text)
    .join('');
  context.clusterSettings.set(name, stringValue(statement.tokens[end + 1]) ?? written);
  return undefined;
}

function show(name: string, context: RuleContext): Verdict {
  const value = context.clusterSettings.get(name);
  if (value === undefined) return { refuse: { sqlstate: '42704', message: `unknown setting: '${name}'` } };
  const literal = value === 't' || value === 'f' ? String(value === 't') : `${quoteLiteral(value)}::text`;
  return { sql: `SELECT ${literal} AS ${quoteName(name)}` };
}
