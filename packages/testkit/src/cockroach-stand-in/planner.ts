import type { Refusals } from './refusals.js';
import { allRules } from './rules/all-rules.js';
import type { RuleContext, Verdict } from './rules/rule.js';
import { parseStatement, wordAt } from './sql/statement.js';
import type { Statement } from './sql/statement.js';

/** How PostgreSQL is made to do what CockroachDB would. */
export interface StatementPlan {
  readonly sql: string;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly finally: readonly string[];
  readonly refused: boolean;
  /** What the stand-in has to do first; the plan that it gives is the one to run. */
  readonly perform?: () => Promise<StatementPlan>;
}

export function planStatement(
  statement: Statement,
  context: RuleContext,
  refusals: Refusals,
): Promise<StatementPlan> {
  return new Planning(context, refusals).from(statement, 0);
}

/** A plan on its way through the rules, which may have to pause where the stand-in has something to do. */
class Planning {
  readonly #context: RuleContext;
  readonly #refusals: Refusals;
  readonly #before: string[] = [];
  readonly #after: string[] = [];
  readonly #finally: string[] = [];

  constructor(context: RuleContext, refusals: Refusals) {
    this.#context = context;
    this.#refusals = refusals;
  }

  async from(statement: Statement, firstRule: number): Promise<StatementPlan> {
    let current = statement;
    for (const [index, rule] of allRules.entries()) {
      const verdict = index < firstRule ? undefined : await rule(current, this.#context);
      if (verdict === undefined) continue;
      if ('perform' in verdict) {
        const paused = current;
        const perform = async (): Promise<StatementPlan> =>
          this.#resume(await verdict.perform(), paused, index);
        return { ...this.#plan(current.sql), perform };
      }
      const next = this.#take(verdict, current);
      if (next === undefined) return this.#refusal(verdict);
      current = next;
    }
    return this.#plan(current.sql);
  }

  async #resume(verdict: Verdict, statement: Statement, index: number): Promise<StatementPlan> {
    if ('perform' in verdict) return this.#resume(await verdict.perform(), statement, index);
    const next = this.#take(verdict, statement);
    return next === undefined ? this.#refusal(verdict) : this.from(next, index + 1);
  }

  #take(verdict: Verdict, statement: Statement): Statement | undefined {
    if (!('sql' in verdict)) return undefined;
    this.#before.push(...(verdict.before ?? []));
    this.#after.push(...(verdict.after ?? []));
    this.#finally.push(...(verdict.finally ?? []));
    return verdict.sql === statement.sql ? statement : parseStatement(verdict.sql);
  }

  #refusal(verdict: Verdict): StatementPlan {
    const error = 'refuse' in verdict ? verdict.refuse : { sqlstate: 'XX000', message: 'no verdict' };
    return refusedPlan(this.#refusals.statement(error));
  }

  #plan(sql: string): StatementPlan {
    return { sql, before: this.#before, after: this.#after, finally: this.#finally, refused: false };
  }
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
