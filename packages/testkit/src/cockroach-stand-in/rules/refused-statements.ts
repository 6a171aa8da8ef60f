import { findWords, startsWith, textAt, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import { syntaxError, unimplemented } from './rule.js';
import type { Rule, Verdict } from './rule.js';

/** Statements that CockroachDB's grammar knows and its server does not carry out, by their first words. */
const unimplementedStatements: readonly (readonly string[])[] = [
  ['create', 'domain'],
  ['create', 'publication'],
  ['create', 'subscription'],
  ['create', 'rule'],
  ['create', 'cast'],
  ['create', 'operator'],
  ['create', 'server'],
  ['create', 'foreign'],
  ['create', 'text'],
  ['create', 'collation'],
  ['create', 'conversion'],
  ['create', 'access'],
  ['create', 'event'],
  ['create', 'language'],
  ['listen'],
  ['notify'],
  ['unlisten'],
];

/** Statements of PostgreSQL that CockroachDB cannot parse. */
const unknownStatements: ReadonlySet<string> = new Set([
  'vacuum',
  'cluster',
  'lock',
  'merge',
  'checkpoint',
  'load',
  'security',
]);

export const refusedStatements: Rule = (statement) => {
  const found = unimplementedStatements.find((words) => startsWith(statement, ...words));
  if (found !== undefined) return unimplemented(`${found.join(' ').toUpperCase()} is not supported`);
  if (unknownStatements.has(wordAt(statement, 0))) return syntaxError(textAt(statement, 0));
  if (createsTemporary(statement)) return temporaryTable();
  if (startsWith(statement, 'set', 'transaction', 'snapshot')) return syntaxError('snapshot');
  return refusedClause(statement);
};

function createsTemporary(statement: Statement): boolean {
  const scoped = ['local', 'global'].includes(wordAt(statement, 1));
  return startsWith(statement, 'create') && ['temp', 'temporary'].includes(wordAt(statement, scoped ? 2 : 1));
}

function temporaryTable(): Verdict {
  const message = 'temporary tables are only supported experimentally';
  return {
    refuse: {
      sqlstate: '0A000',
      message,
      hint: 'SET experimental_enable_temp_tables = on (never by a tool)',
    },
  };
}

function refusedClause(statement: Statement): ReturnType<Rule> {
  if (findWords(statement, ['overriding', 'system', 'value']) >= 0) {
    return unimplemented('OVERRIDING SYSTEM VALUE is not supported');
  }
  if (findWords(statement, ['tablesample']) >= 0) return syntaxError('tablesample');
  return startsWith(statement, 'alter', 'table') ? refusedTableChange(statement) : undefined;
}

function refusedTableChange(statement: Statement): ReturnType<Rule> {
  const disabling = ['disable', 'enable'].find((word) => findWords(statement, [word, 'trigger']) >= 0);
  if (disabling !== undefined) return syntaxError('trigger');
  return findWords(statement, ['set', 'unlogged']) >= 0 ? syntaxError('unlogged') : undefined;
}
