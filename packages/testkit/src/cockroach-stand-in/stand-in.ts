import { ClientListener } from './client-listener.js';
import { ClusterSettings } from './cluster-settings.js';
import { createDatabaseIfMissing, setUpDatabase } from './database-setup.js';
import { Faults } from './faults.js';
import type { Fault } from './fault.js';
import { Holds } from './holds.js';
import type { JobHold } from './holds.js';
import { HistoryProtection } from './jobs/history-protection.js';
import { Jobs } from './jobs/jobs.js';
import { Refusals } from './refusals.js';
import { SchemaClock } from './schema-clock.js';
import { PostgresServer } from './server-connection.js';
import { StatementLog } from './statement-log.js';
import type { StandInServices } from './surroundings.js';
import { TimeTravel } from './time-travel.js';

export interface CockroachStandInOptions {
  /** A superuser's URL of a real PostgreSQL server; each database of the "cluster" is a database there. */
  readonly postgresUrl: string;
  /** The database that the stand-in's URL names; created when it is missing. */
  readonly database?: string;
  /** Where each statement is logged as a line of JSON; the environment variable TSMOLT_STANDIN_LOG unless given. */
  readonly logFile?: string;
  /** What `version()` answers. */
  readonly version?: string;
  /** Failures ordered from the start; more can be ordered while it runs. */
  readonly faults?: readonly Fault[];
  /** How long a timestamp of AS OF SYSTEM TIME can be read at after its first use. */
  readonly holdMinutes?: number;
  /** Timestamps older than that are refused as garbage collected. */
  readonly gcTtlSeconds?: number;
  /** False for a cluster that lacks `crdb_internal.protect_mvcc_history` (before v24.1). */
  readonly historyProtection?: boolean;
}

/** A running stand-in for a CockroachDB cluster. */
export interface CockroachStandIn {
  readonly url: string;
  readonly port: number;
  /** Failures to order for statements to come. */
  readonly faults: Faults;
  /** Stops the next job whose description matches when its rows are loaded, until the test lets it go on. */
  holdJob(match: RegExp): JobHold;
  /** The URL of another database behind the stand-in, which must exist. */
  urlOf(database: string): string;
  /** All statements so far, as clients sent them. */
  statements(): readonly string[];
  /**
   * A crash: breaks all connections in the middle of whatever they do, and refuses new ones. What PostgreSQL was told it ends
   * as if its client were gone: a COMMIT that is on its way may still happen, everything else is rolled back. Jobs, settings
   * and databases stay for `start()`, as they would in a cluster.
   */
  kill(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
  /** Breaks all connections and gives all snapshots back. Databases stay. */
  stop(): Promise<void>;
}

const defaultVersion = 'CockroachDB CCL v25.4.1 (x86_64-pc-linux-gnu, built 2025/12/01 10:00:00, go1.23.12)';
const fourHours = 14_400;

/**
 * Starts a stand-in for CockroachDB: a proxy in front of a real PostgreSQL that speaks CockroachDB's dialect as far as
 * `rules/` goes, refuses what CockroachDB refuses, and can be made to fail like it. Everything that no rule knows goes to
 * PostgreSQL unchanged: values are printed as PostgreSQL prints them, transactions are READ COMMITTED unless they say
 * otherwise, NULLs sort last, a name's database must be the current one. So a test that passes here proves less than one
 * against CockroachDB: say "stand-in" where it is used.
 */
export async function startCockroachStandIn(options: CockroachStandInOptions): Promise<CockroachStandIn> {
  const server = new PostgresServer(options.postgresUrl);
  const database = options.database ?? 'defaultdb';
  await createDatabaseIfMissing(server, database);
  await setUpDatabase(server, database);
  const services = newServices(server, options);
  for (const fault of options.faults ?? []) services.faults.failNext(fault);
  const listener = new ClientListener(services);
  const port = await listener.start();
  return {
    url: server.urlOf(database, port),
    port,
    faults: services.faults,
    holdJob: (match) => services.holds.next(match),
    urlOf: (name) => server.urlOf(name, port),
    statements: () => services.log.statements(),
    kill: () => listener.kill(),
    start: async () => void (await listener.start()),
    stop: async () => {
      services.holds.releaseAll();
      await Promise.all([listener.kill(), services.timeTravel.stop(), services.jobs.stop()]);
    },
  };
}

function newServices(server: PostgresServer, options: CockroachStandInOptions): StandInServices {
  const jobs = new Jobs();
  const protection = new HistoryProtection(jobs);
  return {
    server,
    version: options.version ?? defaultVersion,
    log: new StatementLog(options.logFile ?? process.env['TSMOLT_STANDIN_LOG']),
    faults: new Faults(),
    refusals: new Refusals(),
    clusterSettings: new ClusterSettings(),
    schemaClock: new SchemaClock(),
    timeTravel: new TimeTravel(server, {
      holdMinutes: options.holdMinutes ?? 30,
      gcTtlSeconds: options.gcTtlSeconds ?? fourHours,
      isProtected: (nanos) => protection.covers(nanos),
    }),
    jobs,
    holds: new Holds(),
    protection,
    historyProtection: options.historyProtection ?? true,
  };
}
