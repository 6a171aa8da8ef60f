import type { ExchangeEnd } from './wire/exchange.js';

/** What the stand-in remembers of one client's session. */
export interface Session {
  readonly number: number;
  readonly database: string;
  /** CockroachDB's variables that were set, by name. PostgreSQL holds the truth; this is for rewriting. */
  readonly variables: Map<string, string>;
  /** The timestamp that the open transaction reads at. */
  asOf: string | undefined;
  /** Primary keys of tables, for UPSERT, by the table's name as written. */
  readonly upsertTargets: Map<string, UpsertTarget>;
}

/** What UPSERT has to know of its table. Names are quoted where they must be. */
export interface UpsertTarget {
  readonly key: readonly string[];
  /** Columns besides the key that can be written. */
  readonly others: readonly string[];
  readonly readAt: number;
  /** How many schema changes the stand-in had seen by then. */
  readonly schemaChanges: number;
}

export type Rows = ExchangeEnd['rows'];

export function newSession(number: number, database: string): Session {
  return { number, database, variables: new Map(), asOf: undefined, upsertTargets: new Map() };
}
