import { setTimeout as delay } from 'node:timers/promises';
import type { Logger, Table } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSessionLease, MysqlSessionPool } from '../connect/session-pool.js';
import type { MysqlSession } from '../connect/session.js';
import { serverErrorNumber } from '../errors.js';
import { hasPositions, positionAt, readPosition, readSnapshotPlace } from '../position.js';
import type { PositionSettings } from '../position.js';
import { from } from '../sql.js';
import { mayHave, readGrants } from './grants.js';

/** The sessions that see the same rows, and how that came about. */
export interface StartPoint {
  readonly sessions: readonly MysqlSessionLease[];
  /** What the snapshot holds, or something earlier. Empty where the server has no positions. */
  readonly position: string;
  /** Whether the snapshot holds exactly the transactions of the position, as far as the run's tables go. */
  readonly exact: boolean;
  readonly warnings: readonly string[];
}

export interface StartOptions {
  readonly server: MysqlServer;
  readonly outside: MysqlSessionPool;
  /** The sessions to start snapshots on; those that a mode does not use are closed. */
  readonly leases: readonly MysqlSessionLease[];
  readonly settings: PositionSettings;
  readonly tables: readonly Table[];
  readonly wantCursor: boolean;
  readonly logger: Logger;
}

/** Why a mode could not be had; the next one is tried. */
interface Unavailable {
  readonly reason: string;
}

type Attempt = StartPoint | Unavailable;

/**
 * Starts the snapshots of all sessions at one point, by the strongest means that the server and the user's privileges
 * allow: a global read lock, locks on the run's tables, a moment without commits, or one session alone.
 */
export async function startAtOnePoint(options: StartOptions): Promise<StartPoint> {
  // One session is one point by itself; a lock is only worth its price for the position beside it.
  if (options.leases.length === 1 && !options.wantCursor)
    return { ...(await inOneSession(options)), warnings: [] };
  const reasons: string[] = [];
  for (const mode of [underGlobalLock, underTableLocks, inQuietMoment]) {
    const attempt = await mode(options);
    if ('sessions' in attempt) return { ...attempt, warnings: [...reasons, ...attempt.warnings] };
    options.logger.debug({ reason: attempt.reason }, 'another way to a consistent snapshot is tried');
    reasons.push(attempt.reason);
  }
  const alone = await inOneSession(options);
  return { ...alone, warnings: [...reasons, ...alone.warnings] };
}

/** A lock that is not granted in time is given up, so that the application behind it goes on. */
const lockWaitSeconds = 10;
const lockAttempts = 3;
/** Between attempts, so that what waited behind the first one is done. */
const lockPauseMs = 1000;
const lockWaitTimeout = 1205;

const startSnapshot = 'START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY';

function underGlobalLock(options: StartOptions): Promise<Attempt> {
  return underLock(options, {
    statement: 'FLUSH TABLES WITH READ LOCK',
    name: 'a global read lock (FLUSH TABLES WITH READ LOCK)',
    needs: 'RELOAD',
    warnings: [],
  });
}

function underTableLocks(options: StartOptions): Promise<Attempt> {
  if (options.tables.length === 0) return Promise.resolve({ reason: 'there is no table to lock' });
  return underLock(options, {
    statement: `LOCK TABLES ${options.tables.map((table) => `${from(table)} READ`).join(', ')}`,
    name: 'read locks on the tables of this run (LOCK TABLES)',
    needs: 'LOCK TABLES',
    warnings: [
      'the snapshot was taken under read locks on the tables of this run: all of its sessions see the same rows of them',
    ],
  });
}

interface Lock {
  readonly statement: string;
  readonly name: string;
  /** The privilege. */
  readonly needs: string;
  readonly warnings: readonly string[];
}

/** While nobody can write, every session that starts a snapshot starts the same one. */
async function underLock(options: StartOptions, lock: Lock): Promise<Attempt> {
  const holder = await options.outside.lease('locking for a snapshot');
  try {
    if (!mayHave(await readGrants(holder.session), lock.needs)) {
      return {
        reason: `the snapshot is not taken under ${lock.name}: that needs the privilege ${lock.needs}, which SHOW GRANTS does not list`,
      };
    }
    const refused = await acquire(holder.session, lock);
    if (refused !== undefined) return { reason: refused };
    const position = await currentPosition(holder.session, options);
    await startAll(options.leases);
    await holder.session.query('UNLOCK TABLES');
    options.logger.info(
      `the snapshot was taken under ${lock.name}, which is released again: all of its sessions see the same rows`,
    );
    return { sessions: options.leases, position, exact: position !== '', warnings: lock.warnings };
  } finally {
    // Whatever happened, the lock ends with its session.
    holder.destroy();
  }
}

/** @returns why there is no lock, or undefined when it is held */
async function acquire(session: MysqlSession, lock: Lock): Promise<string | undefined> {
  await session.query(`SET SESSION lock_wait_timeout = ${lockWaitSeconds}`);
  for (let attempt = 1; ; attempt++) {
    try {
      await session.query(lock.statement);
      return undefined;
    } catch (thrown) {
      const number = serverErrorNumber(thrown);
      if (number === undefined) throw thrown;
      if (number !== lockWaitTimeout) {
        return `the snapshot could not be taken under ${lock.name}, which needs the privilege ${lock.needs} (error ${number})`;
      }
      if (attempt === lockAttempts) {
        return `the snapshot could not be taken under ${lock.name}: long statements kept it waiting ${lockAttempts} times for ${lockWaitSeconds} s`;
      }
      await delay(lockPauseMs);
    }
  }
}

async function startAll(leases: readonly MysqlSessionLease[]): Promise<void> {
  await Promise.all(leases.map(({ session }) => session.query(startSnapshot)));
}

async function currentPosition(session: MysqlSession, options: StartOptions): Promise<string> {
  return hasPositions(options.settings) ? readPosition(session, options.server) : '';
}

const quietAttempts = 20;
const quietPauseMs = 50;

const quietWarning =
  'the snapshot was taken without locks, in a moment in which no transaction committed: all of its sessions see the same ' +
  'rows, except for what was written past the binary log (sql_log_bin = 0)';

/** Starts all snapshots, and accepts them if the server proves that nothing was committed between the first and the last. */
async function inQuietMoment(options: StartOptions): Promise<Attempt> {
  const { server, settings } = options;
  if (!hasPositions(settings))
    return { reason: 'without a binary log and GTIDs nothing tells whether snapshots are equal' };
  const observe = server.capabilities.snapshotPosition ? snapshotsOfMariadb : snapshotsOfMysql;
  for (let attempt = 0; attempt < quietAttempts; attempt++) {
    const position = await options.outside.use('starting snapshots', (session) => observe(session, options));
    if (position !== undefined) {
      return { sessions: options.leases, position, exact: true, warnings: [quietWarning] };
    }
    await delay(quietPauseMs);
  }
  return { reason: `the source commits all the time: ${quietAttempts} attempts found no moment without` };
}

/**
 * A GTID is owned by its transaction from before the commit becomes visible until it is in the executed set. So when none
 * is owned after the last start and the executed set is that from before the first, no commit became visible between.
 * (Source: MySQL manual, "gtid_owned" and "GTID Life Cycle".)
 */
async function snapshotsOfMysql(session: MysqlSession, options: StartOptions): Promise<string | undefined> {
  const before = await readPosition(session, options.server);
  await startAll(options.leases);
  const owned = await session.query<{ owned: string }>('SELECT @@GLOBAL.gtid_owned AS owned');
  const after = await readPosition(session, options.server);
  return owned[0]?.owned === '' && after === before ? before : undefined;
}

/** Each session knows the place in the binary log at which its snapshot was taken. */
async function snapshotsOfMariadb(session: MysqlSession, options: StartOptions): Promise<string | undefined> {
  await startAll(options.leases);
  const places = await Promise.all(options.leases.map((lease) => readSnapshotPlace(lease.session)));
  const [first] = places;
  if (first === undefined || first.file === '') return undefined;
  const same = places.every(({ file, offset }) => file === first.file && offset === first.offset);
  return same ? positionAt(session, first) : undefined;
}

const aloneWarning =
  'the snapshot is that of a single session, which copies one table after the other: grant RELOAD or LOCK TABLES to the ' +
  'user for more sessions';
const earlierWarning =
  'cdc_cursor was read just before the snapshot: replication repeats what was committed between the two';

/** One session always sees one point. */
async function inOneSession(options: StartOptions): Promise<StartPoint> {
  const [lease, ...others] = options.leases;
  if (lease === undefined) throw new Error('a snapshot needs a session');
  for (const other of others) other.destroy();
  const { outside, server, settings } = options;
  const alone = { ...options, leases: [lease] };
  const found = await outside.use('starting a snapshot', async (session) => {
    if (!hasPositions(settings)) {
      await startAll([lease]);
      return { position: '', exact: false };
    }
    if (server.capabilities.snapshotPosition) {
      const position = await snapshotsOfMariadb(session, alone);
      if (position !== undefined) return { position, exact: true };
    }
    const position = await readPosition(session, server);
    await startAll([lease]);
    return { position, exact: false };
  });
  const warnings = found.position === '' || found.exact ? [aloneWarning] : [aloneWarning, earlierWarning];
  return { sessions: [lease], ...found, warnings };
}
