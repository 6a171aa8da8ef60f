import type { ClusterSettings } from './cluster-settings.js';
import type { Faults } from './faults.js';
import type { Holds } from './holds.js';
import { runImport } from './import/run-import.js';
import type { HistoryProtection } from './jobs/history-protection.js';
import type { Jobs } from './jobs/jobs.js';
import { planStatement } from './planner.js';
import type { Refusals } from './refusals.js';
import type { RuleContext } from './rules/rule.js';
import type { SchemaClock } from './schema-clock.js';
import type { PostgresServer } from './server-connection.js';
import type { Session } from './session.js';
import { parseStatement } from './sql/statement.js';
import type { StatementLog } from './statement-log.js';
import type { TimeTravel } from './time-travel.js';
import type { Conversation } from './wire/conversation.js';
import type { TransactionStatus } from './wire/messages.js';

/** What all clients of a stand-in share. */
export interface StandInServices {
  readonly server: PostgresServer;
  readonly version: string;
  readonly log: StatementLog;
  readonly faults: Faults;
  readonly refusals: Refusals;
  readonly clusterSettings: ClusterSettings;
  readonly timeTravel: TimeTravel;
  readonly schemaClock: SchemaClock;
  readonly jobs: Jobs;
  readonly holds: Holds;
  readonly protection: HistoryProtection;
  readonly historyProtection: boolean;
}

/** What the two protocols have around them in one client's connection. */
export interface Surroundings extends StandInServices {
  readonly session: Session;
  readonly conversation: Conversation;
  /** Breaks the client's connection, as a network or a dying node does. */
  readonly breakConnection: () => void;
}

/** @param transaction the state in which the statement will find the session */
export function ruleContext(
  surroundings: Surroundings,
  protocol: RuleContext['protocol'],
  batchSize: number,
  transaction: RuleContext['transaction'],
): RuleContext {
  const { session, clusterSettings, timeTravel, schemaClock, conversation, server, jobs } = surroundings;
  const context: RuleContext = {
    protocol,
    batchSize,
    session,
    clusterSettings,
    timeTravel,
    schemaClock,
    transaction,
    jobs,
    version: surroundings.version,
    user: server.user,
    protection: surroundings.protection,
    historyProtection: surroundings.historyProtection,
    ask: (sql) => conversation.ask(sql, server, session.database),
    askRewritten: async (sql) => {
      const plan = await planStatement(parseStatement(sql), context, surroundings.refusals);
      return context.ask(((await plan.perform?.()) ?? plan).sql);
    },
    startImport: (plan) => {
      const about = {
        type: 'IMPORT',
        description: plan.description,
        user: server.user,
        table: plan.table,
      } as const;
      const job = jobs.create(about, (control) => runImport(plan, surroundings, control));
      job.start();
      return job;
    },
  };
  return context;
}

export function transactionName(status: TransactionStatus): 'none' | 'open' | 'failed' {
  if (status === 'I') return 'none';
  return status === 'T' ? 'open' : 'failed';
}
