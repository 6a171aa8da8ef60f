import type { ClusterSettings } from '../cluster-settings.js';
import type { ImportCounts, ImportPlan } from '../import/run-import.js';
import type { HistoryProtection } from '../jobs/history-protection.js';
import type { Job } from '../jobs/job.js';
import type { Jobs } from '../jobs/jobs.js';
import type { SchemaClock } from '../schema-clock.js';
import type { Rows, Session } from '../session.js';
import type { Statement } from '../sql/statement.js';
import type { TimeTravel } from '../time-travel.js';
import type { ServerError } from '../wire/messages.js';

/** What a rule wants done with a statement. Whatever remains goes on to the rules after it. */
export type Verdict = Rewrite | { readonly refuse: ServerError } | Deed;

/** Something that the stand-in does itself, when the statement's turn has come and no ordered fault is in its way. */
export interface Deed {
  readonly perform: () => Promise<Verdict>;
}

export interface Rewrite {
  readonly sql: string;
  /** Statements that run unseen ahead of it; only their errors reach the client. */
  readonly before?: readonly string[];
  /** Statements that run unseen once it has succeeded. */
  readonly after?: readonly string[];
  /** Statements that run unseen at the end, also when it has failed. */
  readonly finally?: readonly string[];
}

export interface RuleContext {
  readonly protocol: 'simple' | 'extended';
  /** How many statements the query string holds. */
  readonly batchSize: number;
  readonly session: Session;
  readonly clusterSettings: ClusterSettings;
  readonly timeTravel: TimeTravel;
  readonly schemaClock: SchemaClock;
  /** Whether the statement will run in a transaction that the client began, or in one that has failed. */
  readonly transaction: () => Promise<'none' | 'open' | 'failed'>;
  /** Asks PostgreSQL, in the client's own session where that can be. `undefined`: it answered with an error. */
  readonly ask: (sql: string) => Promise<Rows | undefined>;
  /** The same for SQL in CockroachDB's dialect. */
  readonly askRewritten: (sql: string) => Promise<Rows | undefined>;
  /** The text of `version()`. */
  readonly version: string;
  readonly user: string;
  readonly jobs: Jobs;
  readonly startImport: (plan: ImportPlan) => Job<ImportCounts>;
  readonly protection: HistoryProtection;
  /** Whether the cluster has the functions that protect history. */
  readonly historyProtection: boolean;
}

/** One thing that CockroachDB does differently from PostgreSQL. `undefined`: the statement does not concern the rule. */
export type Rule = (
  statement: Statement,
  context: RuleContext,
) => Verdict | undefined | Promise<Verdict | undefined>;

/** In a failed transaction PostgreSQL refuses it as CockroachDB would refuse the statement (25P02). */
export const inFailedTransaction: Verdict = { sql: 'SELECT 1' };

/** What CockroachDB raises where its grammar knows a syntax but nothing stands behind it. */
export function unimplemented(what: string, hint?: string): { readonly refuse: ServerError } {
  return {
    refuse: { sqlstate: '0A000', message: `unimplemented: ${what}`, ...(hint === undefined ? {} : { hint }) },
  };
}

export function syntaxError(near: string): { readonly refuse: ServerError } {
  return { refuse: { sqlstate: '42601', message: `at or near "${near}": syntax error` } };
}

/** Where the stand-in refuses out of caution: CockroachDB would take the statement, and PostgreSQL cannot follow. */
export function beyondTheStandIn(what: string): { readonly refuse: ServerError } {
  return { refuse: { sqlstate: '0A000', message: `CockroachDB stand-in: ${what}` } };
}
