import { hasSurroundings, isCommit, planStatement } from './planner.js';
import type { StatementPlan } from './planner.js';
import { beyondTheStandIn } from './rules/rule.js';
import { splitStatements } from './sql/statement.js';
import type { Statement } from './sql/statement.js';
import { ruleContext, transactionName } from './surroundings.js';
import type { Surroundings } from './surroundings.js';
import { boundStatement, message, parseMessage, readParse, readyForQuery } from './wire/messages.js';
import type { ServerError } from './wire/messages.js';

interface Prepared {
  readonly source: Statement;
  /** It needs statements around it each time it runs. */
  readonly surrounded: boolean;
}

/** Under this name a statement is prepared that fails, in the place of a Bind that is to fail. */
const faultName = 'crdb_stand_in_fault';

/** Parse, Bind, Execute, Sync and the rest. Each is answered by PostgreSQL, so that answers stay in order. */
export class ExtendedRequests {
  readonly #around: Surroundings;
  readonly #prepared = new Map<string, Prepared>();
  /** What still has to run when the exchange has been synced, and how many Execute messages it holds so far. */
  #pending: StatementPlan | undefined;
  #executes = 0;

  constructor(surroundings: Surroundings) {
    this.#around = surroundings;
  }

  async parse(body: Buffer): Promise<void> {
    const parse = readParse(body);
    this.#around.log.record(this.#around.session.number, 'parse', parse.sql);
    const [source, second] = splitStatements(parse.sql);
    this.#prepared.delete(parse.name);
    // Nothing, or several statements, which PostgreSQL refuses as CockroachDB does.
    if (source === undefined || second !== undefined) return this.#push('P', body);
    const plan = await this.#plan(source);
    this.#prepared.set(parse.name, { source, surrounded: hasSurroundings(plan) });
    const sql = await this.#enter(plan);
    this.#begin();
    return this.#around.conversation.toServer.push(parseMessage({ ...parse, sql }));
  }

  async bind(body: Buffer): Promise<void> {
    const prepared = this.#prepared.get(boundStatement(body));
    const { conversation } = this.#around;
    if (prepared?.surrounded === true && conversation.unsynced === undefined) {
      await this.#enter(await this.#plan(prepared.source));
    }
    this.#begin();
    return prepared === undefined ? this.#push('B', body) : this.#bindWithFaults(body, prepared.source);
  }

  execute(body: Buffer): void {
    this.#push('E', body);
    this.#executes++;
  }

  other(type: string, body: Buffer): void {
    this.#push(type, body);
  }

  async sync(): Promise<void> {
    this.#push('S', Buffer.alloc(0));
    const { conversation } = this.#around;
    const exchange = conversation.unsynced;
    const plan = this.#pending;
    conversation.unsynced = undefined;
    this.#pending = undefined;
    if (exchange === undefined || plan === undefined) return;
    await conversation.toServer.flush();
    const end = await exchange.finished;
    const rest = end.error === undefined ? [...plan.after, ...plan.finally] : plan.finally;
    let { status } = end;
    for (const sql of rest) ({ status } = await conversation.run(sql, 'errors'));
    conversation.toClient.push(readyForQuery(status));
    await conversation.toClient.flush();
  }

  #bindWithFaults(body: Buffer, source: Statement): void {
    const { faults, conversation } = this.#around;
    const inTransaction = conversation.exchanges.status === 'T';
    const struck =
      (isCommit(source) ? faults.strike('commit', source.sql, inTransaction) : undefined) ??
      faults.strike('statement', source.sql, inTransaction);
    if (struck === undefined) return this.#push('B', body);
    if (struck.kept && conversation.unsynced !== undefined) {
      conversation.unsynced.fault = { index: this.#executes, error: struck.error };
      return this.#push('B', body);
    }
    return struck.error === undefined ? this.#around.breakConnection() : this.#failInstead(struck.error);
  }

  #failInstead(error: ServerError): void {
    const sql = this.#around.refusals.statement(error);
    this.#around.conversation.toServer.push(parseMessage({ name: faultName, sql, types: Buffer.alloc(2) }));
  }

  async #plan(source: Statement): Promise<StatementPlan> {
    const transaction = async (): Promise<'none' | 'open' | 'failed'> =>
      transactionName(await this.#around.conversation.settle());
    const context = ruleContext(this.#around, 'extended', 1, transaction);
    const plan = await planStatement(source, context, this.#around.refusals);
    return (await plan.perform?.()) ?? plan;
  }

  /** Runs what goes ahead of the statement, and remembers what comes after it. */
  async #enter(plan: StatementPlan): Promise<string> {
    if (!hasSurroundings(plan)) return plan.sql;
    const { conversation, refusals } = this.#around;
    if (conversation.unsynced !== undefined) {
      return refusals.statement(beyondTheStandIn('this statement must be the first after a Sync').refuse);
    }
    await conversation.settle();
    this.#pending = plan;
    for (const sql of plan.before) {
      const { error } = await conversation.run(sql, 'nothing');
      if (error !== undefined) return refusals.statement(error);
    }
    return plan.sql;
  }

  #push(type: string, body: Buffer): void {
    this.#begin();
    this.#around.conversation.toServer.push(message(type, body));
  }

  /** The first message after a Sync begins an exchange. */
  #begin(): void {
    const { conversation } = this.#around;
    if (conversation.unsynced !== undefined) return;
    this.#executes = 0;
    conversation.unsynced = conversation.exchanges.begin({
      visibility: 'all',
      holdReady: this.#pending !== undefined,
    });
  }
}
