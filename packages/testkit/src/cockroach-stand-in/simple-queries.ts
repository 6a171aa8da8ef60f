import { isCommit, openAfter, planStatement, refusedPlan } from './planner.js';
import type { StatementPlan } from './planner.js';
import { splitStatements } from './sql/statement.js';
import type { Statement } from './sql/statement.js';
import { ruleContext, transactionName } from './surroundings.js';
import type { Surroundings } from './surroundings.js';
import type { CompletionFault } from './wire/exchange.js';
import { message, queryMessage, readyForQuery } from './wire/messages.js';
import { toParts } from './query-parts.js';
import type { PlannedStatement, QueryPart } from './query-parts.js';

/** Query messages, and the COPY data that may follow one. */
export class SimpleQueries {
  readonly #around: Surroundings;
  /** The COPY whose data are on their way. */
  #copying = '';

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async query(sql: string): Promise<void> {
    this.#around.log.record(this.#around.session.number, 'simple', sql);
    this.#copying = sql;
    const statements = splitStatements(sql);
    const planned = await this.#plan(statements);
    if (planned === undefined) return this.#around.breakConnection();
    const untouched = planned.every(
      ({ plan, source, fault }) => plan.sql === source.sql && fault === undefined,
    );
    const parts = toParts(planned);
    const [only] = parts;
    if (parts.length > 1) return this.#runParts(parts);
    return this.#send(untouched || only === undefined ? sql : only.sql, only?.fault);
  }

  copyDone(): void {
    const { conversation, faults, refusals } = this.#around;
    const fault = faults.strike('copy-done', this.#copying, false);
    if (fault === undefined) return conversation.toServer.push(message('c', Buffer.alloc(0)));
    if (fault.error === undefined && !fault.kept) return this.#around.breakConnection();
    const current = conversation.exchanges.current;
    if (fault.kept && current !== undefined) {
      current.fault = { index: current.completions, error: fault.error };
      return conversation.toServer.push(message('c', Buffer.alloc(0)));
    }
    // PostgreSQL repeats the reason of a failed COPY in its error, which is then exchanged for the wanted one.
    const reason = fault.error === undefined ? '' : refusals.mark(fault.error);
    return conversation.toServer.push(message('f', Buffer.from(`${reason}\0`)));
  }

  #send(sql: string, fault: CompletionFault | undefined): void {
    const { conversation } = this.#around;
    if (conversation.unsynced !== undefined) {
      // After extended messages without Sync: the query's ReadyForQuery is the end of their exchange too.
      conversation.unsynced = undefined;
      return conversation.toServer.push(queryMessage(sql));
    }
    conversation.send(sql, {
      visibility: 'all',
      holdReady: false,
      ...(fault === undefined ? {} : { fault }),
    });
  }

  /** @returns `undefined` where an ordered fault breaks the connection before the statement runs */
  async #plan(statements: readonly Statement[]): Promise<readonly PlannedStatement[] | undefined> {
    const planned: PlannedStatement[] = [];
    let open: boolean | undefined;
    for (const source of statements) {
      const transaction = async (): Promise<'none' | 'open' | 'failed'> => {
        if (open !== undefined && planned.length > 0) return open ? 'open' : 'none';
        return transactionName(await this.#around.conversation.settle());
      };
      const context = ruleContext(this.#around, 'simple', statements.length, transaction);
      const struck = await this.#struck(source, await planStatement(source, context, this.#around.refusals));
      if (struck === undefined) return undefined;
      planned.push(struck);
      // Commit has happened or not: what follows in the string must not run either way.
      if (struck.fault !== undefined) break;
      if (statements.length > 1) {
        open ??= (await this.#around.conversation.settle()) === 'T';
        open = openAfter(source, struck.plan, open);
      }
    }
    return planned;
  }

  async #struck(source: Statement, plan: StatementPlan): Promise<PlannedStatement | undefined> {
    const { faults, refusals, conversation } = this.#around;
    if (plan.refused) return { source, plan };
    const inTransaction = conversation.exchanges.status === 'T';
    const atCommit = isCommit(source) ? faults.strike('commit', source.sql, inTransaction) : undefined;
    const struck = atCommit ?? faults.strike('statement', source.sql, inTransaction);
    if (struck === undefined) return { source, plan: await performed(plan) };
    if (struck.kept) return { source, plan: await performed(plan), fault: { error: struck.error } };
    if (struck.error === undefined) return undefined;
    // After a COMMIT that failed no transaction is left.
    if (atCommit !== undefined)
      return { source, plan: { ...plan, sql: 'ROLLBACK' }, fault: { error: struck.error } };
    return { source, plan: refusedPlan(refusals.statement(struck.error)) };
  }

  /** One after the other, as a client would, for what comes next depends on how the part before it ended. */
  async #runParts(parts: readonly QueryPart[]): Promise<void> {
    const { conversation } = this.#around;
    let status = await conversation.settle();
    let failed = false;
    for (const part of parts) {
      if (failed && !part.always) continue;
      const fault = part.fault === undefined ? {} : { fault: part.fault };
      const exchange = conversation.send(part.sql, {
        visibility: part.visibility,
        holdReady: true,
        ...fault,
      });
      await conversation.toServer.flush();
      const end = await exchange.finished;
      failed ||= end.error !== undefined;
      status = end.status;
    }
    conversation.toClient.push(readyForQuery(status));
    await conversation.toClient.flush();
  }
}

/** The plan after the stand-in has done what it has to do itself. */
async function performed(plan: StatementPlan): Promise<StatementPlan> {
  return (await plan.perform?.()) ?? plan;
}
