import type { Refusals } from './refusals.js';
import { allRules } from './rules/all-rules.js';
import type { RuleContext } from './rules/rule.js';
import { parseStatement, wordAt } from './sql/statement.js';
import type { Statement } from './sql/statement.js';

/** How PostgreSQL is made to do what CockroachDB would. */
export interface StatementPlan {
  readonly sql: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly finally: readonly string[];
  readonly refused: boolean;
}

export async function planStatement(
  statement: Statement,
  context: RuleContext,
  refusals: Refusals,
): Promise<StatementPlan> {
  let current = statement;
  const before: string[] = [];
  const after: string[] = [];
  const last: string[] = [];
  for (const rule of allRules) {
    const verdict = await rule(current, context);
    if (verdict === undefined) continue;
    if ('refuse' in verdict) return refusedPlan(refusals.statement(verdict.refuse));
    before.push(...(verdict.before ?? []));
    after.push(...(verdict.after ?? []));
    last.push(...(verdict.finally ?? []));
    if (verdict.sql !== current.sql) current = parseStatement(verdict.sql);
  }
  return { sql: current.sql, before, after, finally: last, refused: false };
}

export function refusedPlan(sql: string): StatementPlan {
  return { sql, before: [], after: [], finally: [], refused: true };
}

/** Whether the plan needs more than the one statement. */
export function hasSurroundings(plan: StatementPlan): boolean {
  return plan.before.length + plan.after.length + plan.finally.length > 0;
}

/** Whether a transaction is open after the statement, when it was before. */
export function openAfter(statement: Statement, plan: StatementPlan, open: boolean): boolean {
  const word = wordAt(statement, 0);
  if (word === 'begin' || word === 'start') return true;
  if (plan.before.includes('COMMIT') || isCommit(statement)) return false;
  return word === 'abort' || (word === 'rollback' && wordAt(statement, 1) !== 'to') ? false : open;
}

export function isCommit(statement: Statement): boolean {
  return wordAt(statement, 0) === 'commit' || wordAt(statement, 0) === 'end';
}
