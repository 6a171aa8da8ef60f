import { applyEdits, nameValue, quoteLiteral, sourceBetween, startsWith, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import type { Rule, RuleContext, Verdict } from './rule.js';

const nothing = 'DO $$ BEGIN END $$';

/** `CREATE TYPE IF NOT EXISTS`, `CREATE DATABASE IF NOT EXISTS` and `DROP DATABASE ... CASCADE`, none of which PostgreSQL has. */
export const createIfNotExists: Rule = async (statement, context) => {
  if (startsWith(statement, 'create', 'type', 'if', 'not', 'exists')) return createType(statement);
  if (startsWith(statement, 'create', 'database', 'if', 'not', 'exists'))
    return createDatabase(statement, context);
  return startsWith(statement, 'drop', 'database') ? dropDatabase(statement, context) : undefined;
};

function createType(statement: Statement): Verdict {
  const create = `CREATE TYPE ${sourceBetween(statement, 5, statement.tokens.length)}`;
  const body = `BEGIN ${create}; EXCEPTION WHEN duplicate_object THEN NULL; END`;
  return { sql: `DO ${quoteLiteral(body)}` };
}

async function createDatabase(statement: Statement, context: RuleContext): Promise<Verdict> {
  const name = nameValue(statement.tokens[5]);
  const found = await context.ask(
    `SELECT 1 FROM pg_catalog.pg_database WHERE datname = ${quoteLiteral(name)}`,
  );
  const exists = found !== undefined && found.length > 0;
  return {
    sql: exists ? nothing : `CREATE DATABASE ${sourceBetween(statement, 5, statement.tokens.length)}`,
  };
}

async function dropDatabase(statement: Statement, context: RuleContext): Promise<Verdict | undefined> {
  const nameAt = wordAt(statement, 2) === 'if' ? 4 : 2;
  await context.timeTravel.forget(nameValue(statement.tokens[nameAt]));
  const last = statement.tokens.at(-1);
  if (last?.word !== 'cascade' && last?.word !== 'restrict') return undefined;
  return { sql: applyEdits(statement.sql, [{ start: last.start, end: last.end, text: '' }]) };
}
