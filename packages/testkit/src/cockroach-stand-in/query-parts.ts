import { hasSurroundings } from './planner.js';
import type { StatementPlan } from './planner.js';
import type { Statement } from './sql/statement.js';
import type { CompletionFault, Visibility } from './wire/exchange.js';
import type { ServerError } from './wire/messages.js';

export interface PlannedStatement {
  readonly source: Statement;
  readonly plan: StatementPlan;
  /** Told to the client in the place of the statement's completion. */
  readonly fault?: { readonly error: ServerError | undefined };
}

/** SQL that goes to PostgreSQL in one Query message. */
export interface QueryPart {
  readonly sql: string;
  readonly visibility: Visibility;
  /** Runs also when a part before it has failed. */
  readonly always: boolean;
  readonly fault?: CompletionFault;
}

/** Statements stay together in one message, as they came, except around what the stand-in has to put between them. */
export function toParts(planned: readonly PlannedStatement[]): readonly QueryPart[] {
  const parts: QueryPart[] = [];
  let together: PlannedStatement[] = [];
  const close = (): void => {
    if (together.length > 0) parts.push(visiblePart(together));
    together = [];
  };
  for (const statement of planned) {
    const { plan } = statement;
    if (plan.before.length > 0) close();
    parts.push(...plan.before.map((sql) => unseenPart(sql, false)));
    together.push(statement);
    if (!hasSurroundings(plan)) continue;
    close();
    parts.push(
      ...plan.after.map((sql) => unseenPart(sql, false)),
      ...plan.finally.map((sql) => unseenPart(sql, true)),
    );
  }
  close();
  return parts;
}

function unseenPart(sql: string, always: boolean): QueryPart {
  return { sql, visibility: 'errors', always };
}

function visiblePart(planned: readonly PlannedStatement[]): QueryPart {
  const sql = planned.map(({ plan }) => plan.sql).join('; ');
  const index = planned.findIndex(({ fault }) => fault !== undefined);
  const fault = planned[index]?.fault;
  return {
    sql,
    visibility: 'all',
    always: false,
    ...(fault === undefined ? {} : { fault: { index, error: fault.error } }),
  };
}
