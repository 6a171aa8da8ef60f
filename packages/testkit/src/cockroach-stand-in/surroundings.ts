import type { ClusterSettings } from './cluster-settings.js';
import type { Faults } from './faults.js';
import type { Refusals } from './refusals.js';
import type { RuleContext } from './rules/rule.js';
import type { SchemaClock } from './schema-clock.js';
import type { PostgresServer } from './server-connection.js';
import type { Session } from './session.js';
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
  const { session, clusterSettings, timeTravel, schemaClock, conversation, server } = surroundings;
  return {
    protocol,
    batchSize,
    session,
    clusterSettings,
    timeTravel,
    schemaClock,
    transaction,
    ask: (sql) => conversation.ask(sql, server, session.database),
  };
}

export function transactionName(status: TransactionStatus): 'none' | 'open' | 'failed' {
  if (status === 'I') return 'none';
  return status === 'T' ? 'open' : 'failed';
}
