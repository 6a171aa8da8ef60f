import { setTimeout as delay } from 'node:timers/promises';
import {
  createDatabase,
  RandomConflicts,
  runSql,
  seededRandom,
  startCockroachStandIn,
  startPostgres18,
} from '@tsmolt/testkit';
import type { CockroachStandIn, RunningServer } from '@tsmolt/testkit';
import { disturb, proxied, watchAtomicity, writeLarge, writeUntil } from './replication-chaos.js';
import type { Disturbance, ProxiedDatabase, Watched } from './replication-chaos.js';
import type { WorkloadDialect } from './replication-dialects.js';
import { countStreamed, streamingArgs } from './replication-streaming.js';
import type { Streaming } from './replication-streaming.js';
import { ReplicatorSupervisor } from './replication-supervisor.js';
import { targetConstraints, workloadSchema, workloadTables } from './replication-workload.js';
import { catchUp, fetchFrom } from './replicator.js';
import type { Stream } from './replicator.js';
import { tsmolt } from './tsmolt.js';
import type { Finished } from './tsmolt.js';
import { tsmoltVerify } from './verify.js';

export const longRun = process.env['TSMOLT_TEST_LONG'] === '1';

/** Printed with each failure. The moments of the disturbances are the machine's own, whatever the seed. */
export const ordealSeed = Number(process.env['TSMOLT_TEST_SEED'] ?? 1);

/** What is replicated into; it holds the staging schema as well. */
export type OrdealTarget = 'PostgreSQL' | 'CockroachDB stand-in';

export interface Ordeal {
  readonly dialect: WorkloadDialect;
  readonly startSource: () => Promise<RunningServer>;
  readonly target: OrdealTarget;
  /** Seconds of writing and disturbing; in a long run five minutes. */
  readonly seconds: number;
  readonly writers: number;
  readonly largeRows: number;
  /** Large transactions are streamed, from a source that has `streamingSettings`. */
  readonly streaming?: Streaming;
  /** Rows of a batch, where the usual ones take longer than what disturbs them leaves them. */
  readonly flushSize?: number;
}

export interface OrdealResult {
  readonly committed: number;
  readonly disturbances: readonly Disturbance[];
  /** How often the target answered as a busy cluster does, by kind; undefined for one that never does. */
  readonly conflicts: Readonly<Record<string, number>> | undefined;
  /** How many transactions the source has sent before their end. */
  readonly streamed: number;
  readonly watched: Watched;
  readonly supervisor: Pick<ReplicatorSupervisor, 'ownEnds' | 'warnings' | 'started' | 'peakBytes'>;
  /** The last of the replicators that were disturbed, asked to end. */
  readonly stopped: Finished;
  /** The one after it, with `--until now`. */
  readonly caughtUp: Finished;
  readonly verified: Finished;
  readonly deadLetters: Finished;
  readonly status: { readonly backlog: readonly unknown[] };
  /** Rows of the journal on the target, and how often it was written to. */
  readonly journal: { readonly rows: string; readonly inserted: string; readonly overwritten: string };
}

/** Counts in the transaction that writes: what is applied twice is inserted twice, or overwritten. */
const audit = [
  'CREATE SCHEMA audit',
  'CREATE TABLE audit.writes (inserted bigint NOT NULL, overwritten bigint NOT NULL)',
  'INSERT INTO audit.writes VALUES (0, 0)',
  `CREATE FUNCTION audit.count_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN UPDATE audit.writes SET inserted = inserted + (SELECT count(*) FROM rows); RETURN NULL; END $$`,
  `CREATE FUNCTION audit.count_overwritten() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN UPDATE audit.writes SET overwritten = overwritten + (SELECT count(*) FROM rows); RETURN NULL; END $$`,
  `CREATE TRIGGER count_inserted AFTER INSERT ON journal REFERENCING NEW TABLE AS rows
     FOR EACH STATEMENT EXECUTE FUNCTION audit.count_inserted()`,
  `CREATE TRIGGER count_overwritten AFTER UPDATE ON journal REFERENCING NEW TABLE AS rows
     FOR EACH STATEMENT EXECUTE FUNCTION audit.count_overwritten()`,
];

/** Replicates a busy source whose servers, network and replicator fail all the time, to the end. */
export async function undergo(ordeal: Ordeal): Promise<OrdealResult> {
  const servers = await Promise.all([ordeal.startSource(), startPostgres18({ own: true })]);
  const [sourceServer, targetServer] = servers;
  const sides: ProxiedDatabase[] = [];
  let standIn: CockroachStandIn | undefined;
  try {
    if (ordeal.target === 'CockroachDB stand-in')
      standIn = await startCockroachStandIn({ postgresUrl: targetServer.url });
    const [source, target] = [
      await proxied(sourceServer, (await createDatabase(sourceServer)).url),
      await targetOn(targetServer, standIn),
    ];
    sides.push(source, target);
    const session = ordeal.dialect.open(source.url);
    await session.run(workloadSchema(ordeal.dialect));
    await session.close();
    const fetched = await fetchFrom(source.url, target.unproxied);
    await runSql(target.url, ...targetConstraints, ...audit);
    const stream = { ...fetched, source: source.proxied, target: target.proxied };
    return await go(ordeal, stream, { source, target });
  } finally {
    for (const { proxy } of sides) await proxy.close();
    await standIn?.stop();
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function targetOn(
  server: RunningServer,
  standIn: CockroachStandIn | undefined,
): Promise<ProxiedDatabase> {
  if (standIn === undefined) return proxied(server, (await createDatabase(server)).url);
  await runSql(standIn.url, 'CREATE DATABASE ordeal');
  const url = new URL(server.url);
  url.pathname = '/ordeal';
  return proxied(server, url.href, standIn);
}

/** A transaction of the target has many statements and one COMMIT; more often than not it is to come through. */
const conflictRates = { statement: 0.002, commit: 0.3, write: 0.1 };

interface Sides {
  readonly source: ProxiedDatabase;
  readonly target: ProxiedDatabase;
}

async function go(ordeal: Ordeal, stream: Stream, { source, target }: Sides): Promise<OrdealResult> {
  const { dialect, writers, largeRows, seconds } = ordeal;
  const argsOf = (process: number): readonly string[] => [
    ...streamingArgs(ordeal.streaming, process),
    ...(ordeal.flushSize === undefined ? [] : ['--flushSize', String(ordeal.flushSize)]),
  ];
  const supervisor = new ReplicatorSupervisor(stream, target.url, argsOf);
  const [writing, watching] = [new AbortController(), new AbortController()];
  const watched = watchAtomicity(target.url, watching.signal);
  const streamed = ordeal.streaming === undefined ? 0 : countStreamed(source.url, watching.signal);
  const time = longRun ? 300 : seconds;
  const stop = delay(time * 1000).then(() => writing.abort());
  const random = seededRandom(ordealSeed);
  const conflicts = new RandomConflicts(seededRandom(ordealSeed), conflictRates);
  target.standIn?.faults.failAtRandom(conflicts);
  const options = { dialect, url: source.url, seed: ordealSeed };
  let stopped: Finished;
  const committed = Promise.all(
    Array.from({ length: writers }, (_, writer) => writeUntil(writing.signal, { ...options, writer })),
  );
  const longestPause = longRun ? 4000 : 1800;
  const disturbances = disturb({ source, target, supervisor, random, until: writing.signal, longestPause });
  const large = writeLarge({ ...options, writer: writers }, largeRows, longRun ? writing.signal : undefined);
  const actors = [committed, disturbances, large, stop];
  try {
    await Promise.all(actors);
  } catch (thrown) {
    watching.abort();
    throw thrown;
  } finally {
    // Where one fails, the others must not go on with servers that are being taken away.
    writing.abort();
    await Promise.allSettled(actors);
    stopped = await supervisor.stop();
    target.standIn?.faults.clear();
  }
  const caughtUp = await catchUp(
    { ...stream, source: source.url, target: target.unproxied },
    ...streamingArgs(ordeal.streaming, 1),
  );
  watching.abort();
  return {
    committed: (await committed).reduce((sum, count) => sum + count, 0),
    disturbances: await disturbances,
    conflicts: target.standIn === undefined ? undefined : conflicts.struck,
    streamed: await streamed,
    watched: await watched,
    supervisor,
    stopped,
    caughtUp,
    ...(await judgement(stream, { source, target })),
  };
}

async function judgement(
  stream: Stream,
  { source, target }: Sides,
): Promise<Pick<OrdealResult, 'verified' | 'deadLetters' | 'status' | 'journal'>> {
  const filter = ['--table-filter', `^(${workloadTables.join('|')})$`];
  const status = await tsmolt('replicator', 'status', '--stagingConn', target.unproxied, '--json');
  const [journal] = await runSql<OrdealResult['journal']>(
    target.url,
    'SELECT (SELECT count(*) FROM journal) AS rows, inserted, overwritten FROM audit.writes',
  );
  const schema = `${new URL(stream.target).pathname.slice(1)}.public`;
  return {
    verified: await tsmoltVerify(source.url, target.unproxied, ...filter),
    deadLetters: await tsmolt('replicator', 'dlq', 'list', '--targetConn', target.unproxied, '--targetSchema', schema),
    status: JSON.parse(status.stdout) as OrdealResult['status'],
    journal: journal ?? { rows: '', inserted: '', overwritten: '' },
  }; // prettier-ignore
}
