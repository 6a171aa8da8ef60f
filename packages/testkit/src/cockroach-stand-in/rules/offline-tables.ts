import type { Job } from '../jobs/job.js';
import { nameValue, quoteLiteral, textAt, wordAt } from '../sql/statement.js';
import type { Statement } from '../sql/statement.js';
import type { ServerError } from '../wire/messages.js';
import type { Rule, RuleContext } from './rule.js';

/** What stands in front of a table's name. */
const beforeTables: ReadonlySet<string> = new Set([
  'from', 'join', 'into', 'update', 'table', 'copy', 'only', 'truncate', 'exists', 'references',
]); // prettier-ignore

/** While rows are imported into a table, nobody can use it. */
export const offlineTables: Rule = async (statement, context) => {
  for (const job of context.jobs.offline(context.session.database)) {
    const { table } = job;
    if (table !== undefined && (await uses(statement, job, context)))
      return { refuse: isOffline(table.table) };
  }
  return undefined;
};

export function isOffline(table: string): ServerError {
  return { sqlstate: '55000', message: `relation "${table}" is offline: importing` };
}

async function uses(statement: Statement, job: Job, context: RuleContext): Promise<boolean> {
  const { table } = job;
  if (table === undefined) return false;
  for (const [index, token] of statement.tokens.entries()) {
    if (nameValue(token) !== table.table) continue;
    const qualified = textAt(statement, index - 1) === '.';
    const before = qualified ? index - 3 : index - 1;
    if (!beforeTables.has(wordAt(statement, before)) && textAt(statement, before) !== ',') continue;
    if (qualified && nameValue(statement.tokens[index - 2]) === table.schema) return true;
    if (!qualified && (await isOnPath(table.oid, token.text, context))) return true;
  }
  return false;
}

async function isOnPath(oid: string, name: string, context: RuleContext): Promise<boolean> {
  const found = await context.ask(`SELECT pg_catalog.to_regclass(${quoteLiteral(name)})::oid::text`);
  return found?.[0]?.[0] === oid;
}
