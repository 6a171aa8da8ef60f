import { setTimeout as delay } from 'node:timers/promises';
import { connectSql, startTcpProxy } from '@tsmolt/testkit';
import type { CockroachStandIn, RunningServer, SeededRandom, TcpProxy } from '@tsmolt/testkit';
import type { WorkloadDialect } from './replication-dialects.js';
import type { ReplicatorSupervisor } from './replication-supervisor.js';
import { accountCount, badgeCount, startBalance, WorkloadWriter } from './replication-workload.js';
import type { WorkloadTransaction } from './replication-workload.js';

/** A database and a proxy in front of its server. */
export interface ProxiedDatabase {
  readonly server: RunningServer;
  /** Between the proxy and the server, where there is one. */
  readonly standIn: CockroachStandIn | undefined;
  readonly proxy: TcpProxy;
  /** Without the proxy, for those who look and write: the server's own, also where a stand-in is in front of it. */
  readonly url: string;
  /** Without the proxy, for commands: through the stand-in, where there is one. */
  readonly unproxied: string;
  readonly proxied: string;
}

/** @param standIn in front of the server, and then what is proxied */
export async function proxied(
  server: RunningServer,
  url: string,
  standIn?: CockroachStandIn,
): Promise<ProxiedDatabase> {
  const unproxied = standIn?.urlOf(new URL(url).pathname.slice(1)) ?? url;
  const through = new URL(unproxied);
  const proxy = await startTcpProxy(Number(through.port));
  through.port = String(proxy.port);
  return { server, standIn, proxy, url, unproxied, proxied: through.href };
}

/** Milliseconds: as fast as they can, writers would have all of a small machine. */
const writerPause = 40;

/** Writes transactions until it is told to stop. @returns how many were committed */
export async function writeUntil(
  stop: AbortSignal,
  { dialect, url, seed, writer }: WriterOptions,
): Promise<number> {
  const generator = new WorkloadWriter(dialect, seed, writer);
  const session = dialect.open(url);
  let committed = 0;
  try {
    while (!stop.aborted) {
      if (await attempt(generator.transaction(), dialect, session)) committed += 1;
      await delay(writerPause);
    }
    return committed;
  } finally {
    await session.close();
  }
}

interface WriterOptions {
  readonly dialect: WorkloadDialect;
  readonly url: string;
  readonly seed: number;
  readonly writer: number;
}

/** How long, in milliseconds, a long run waits before it writes large transactions again. */
const largePause = 20_000;

/** So many rows inserted, updated and deleted again in three transactions; again and again unless `until` is missing. */
export async function writeLarge(options: WriterOptions, rows: number, until?: AbortSignal): Promise<void> {
  const { dialect, url, seed, writer } = options;
  const generator = new WorkloadWriter(dialect, seed, writer);
  const session = dialect.open(url);
  const changes = [['insert', rows], ['update', rows / 2], ['delete', rows / 4]] as const; // prettier-ignore
  const write = async (change: (typeof changes)[number][0], count: number): Promise<void> => {
    for (let tries = 0; !(await attempt(generator.large(change, count), dialect, session)); tries++) {
      if (tries > 100) throw new Error(`no ${change} of ${count} rows succeeds`);
      await delay(200);
    }
  };
  try {
    for (;;) {
      for (const [change, count] of changes) await write(change, count);
      if (until === undefined || !(await waited(largePause, until))) return;
      await write('delete', rows);
    }
  } finally {
    await session.close();
  }
}

async function waited(milliseconds: number, until: AbortSignal): Promise<boolean> {
  await delay(milliseconds, undefined, { signal: until }).catch(() => undefined);
  return !until.aborted;
}

/** @returns whether it was committed, or rolled back as it was meant to be */
async function attempt(
  { statements, settle }: WorkloadTransaction,
  dialect: WorkloadDialect,
  session: ReturnType<WorkloadDialect['open']>,
): Promise<boolean> {
  try {
    await session.run(statements);
    settle(true);
    return true;
  } catch (thrown) {
    if (dialect.isRefusal(thrown)) settle(false);
    else if (isLostConnection(thrown)) {
      settle(undefined);
      await delay(50);
    } else throw new Error(`the workload is wrong: ${statements.join(';\n')}`, { cause: thrown });
    return false;
  }
}

/** The source is being restarted. */
function isLostConnection(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    (/terminat|connection error|ECONNRE|ECONNABORTED|EPIPE|closed|starting up|shutting down|recovery|Lost connection/i.test(
      thrown.message,
    ) ||
      ('code' in thrown && /^(?:57P|ECONN|PROTOCOL_)/.test(String(thrown.code))))
  );
}

/** What disturbs a replication. */
export type Disturbance =
  | 'kill'
  | 'stop'
  | 'cut source'
  | 'cut target'
  | 'crash target'
  | 'crash source'
  | 'crash stand-in'
  | 'silence';

const disturbances: readonly Disturbance[] = [
  'kill', 'kill', 'stop', 'cut source', 'cut target', 'crash target', 'crash source', 'silence',
]; // prettier-ignore
const ofStandIns: readonly Disturbance[] = ['crash stand-in', 'crash stand-in'];

export interface ChaosOptions {
  readonly source: ProxiedDatabase;
  readonly target: ProxiedDatabase;
  readonly supervisor: ReplicatorSupervisor;
  readonly random: SeededRandom;
  readonly until: AbortSignal;
  /** Milliseconds: the longest time to come on in. */
  readonly longestPause: number;
}

/** Disturbs, in rounds of all kinds in any order, with time to come on in between. @returns what it did */
export async function disturb({
  random,
  until,
  longestPause,
  ...options
}: ChaosOptions): Promise<Disturbance[]> {
  const done: Disturbance[] = [];
  const all = options.target.standIn === undefined ? disturbances : [...disturbances, ...ofStandIns];
  let round: Disturbance[] = [];
  while (!until.aborted) {
    await delay(200 + random.below(longestPause));
    if (round.length === 0) round = all.toSorted(() => random.next() - 0.5);
    const next = round.pop() ?? 'kill';
    await disturbOnce(next, options);
    done.push(next);
  }
  return done;
}

async function disturbOnce(
  kind: Disturbance,
  { source, target, supervisor }: Pick<ChaosOptions, 'source' | 'target' | 'supervisor'>,
): Promise<void> {
  switch (kind) {
    case 'kill':
      return supervisor.interrupt('SIGKILL');
    case 'stop':
      return supervisor.interrupt('SIGTERM');
    case 'cut source':
      return source.proxy.cut();
    case 'cut target':
      return target.proxy.cut();
    case 'crash source':
      await source.server.kill();
      return source.server.start();
    case 'crash target':
      await target.server.kill();
      return target.server.start();
    case 'crash stand-in':
      await target.standIn?.kill();
      await delay(100);
      return target.standIn?.start();
    case 'silence':
      // Nobody can connect for a while, and what is connected is cut.
      for (const { proxy } of [source, target]) proxy.refuse();
      for (const { proxy } of [source, target]) proxy.cut();
      await delay(500);
      for (const { proxy } of [source, target]) proxy.accept();
  }
}

/** What must hold at every moment, whichever transactions of the source have arrived. */
const invariants = `SELECT
  (SELECT sum(balance) FROM accounts)::int AS balance,
  (SELECT count(*) FROM orders o WHERE items <> (SELECT count(*) FROM order_items i WHERE i.order_id = o.id))::int AS orders,
  (SELECT count(*) FROM (SELECT FROM journal GROUP BY tx HAVING count(*) <> 2) halves)::int AS halves,
  (SELECT count(*) FROM badges)::int AS badges`;

export interface Watched {
  readonly looks: number;
  /** What was seen and must not be: half of a transaction. */
  readonly halves: readonly string[];
}

/** Looks at the target again and again, whatever becomes of its server. */
export async function watchAtomicity(url: string, stop: AbortSignal): Promise<Watched> {
  const seen = { looks: 0, halves: [] as string[] };
  while (!stop.aborted) {
    try {
      await lookUntil(stop, await connectSql(url), seen);
    } catch {
      // The server is being restarted.
      await delay(50);
    }
  }
  return seen;
}

async function lookUntil(
  stop: AbortSignal,
  client: Awaited<ReturnType<typeof connectSql>>,
  seen: { looks: number; readonly halves: string[] },
): Promise<void> {
  const right = JSON.stringify({
    balance: accountCount * startBalance,
    orders: 0,
    halves: 0,
    badges: badgeCount,
  });
  try {
    while (!stop.aborted) {
      const { rows } = await client.query<Record<string, number>>(invariants);
      seen.looks += 1;
      const now = JSON.stringify(rows[0]);
      if (now !== right) seen.halves.push(`${new Date().toISOString()} ${now}`);
      await delay(50);
    }
  } finally {
    await client.end();
  }
}
