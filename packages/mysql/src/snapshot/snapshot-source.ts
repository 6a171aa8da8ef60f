import { displayName } from '@tsmolt/core';
import type {
  CopyFormat, ExportRequest, ExportStream, Logger, RowHasher, ShardOptions, ShardPlan, SnapshotOptions, SnapshotSource,
  Table, UnrepresentablePolicy,
} from '@tsmolt/core'; // prettier-ignore
import type { MysqlServer } from '../connect/mysql-server.js';
import { MysqlSessionPool } from '../connect/session-pool.js';
import type { MysqlSessionLease } from '../connect/session-pool.js';
import type { MysqlSession } from '../connect/session.js';
import { classify } from '../errors.js';
import { planRow } from '../export/csv-row.js';
import { isTooLongToJoin, LongestRows } from '../export/longest-row.js';
import { planShards } from '../export/plan-shards.js';
import { streamBufferBytes, streamRows } from '../export/row-stream.js';
import { MysqlRowHasher } from '../hash/row-hasher.js';
import { readPositionSettings, refuseEmptyPosition, refuseWithoutPositions } from '../position.js';
import type { PositionSettings } from '../position.js';
import { from, selectRange } from '../sql.js';
import { SnapshotSessions } from './snapshot-sessions.js';
import { startAtOnePoint } from './start-point.js';
import type { StartPoint } from './start-point.js';
import { tablesOutsideSnapshots } from './table-engines.js';

/**
 * Takes the snapshot: all sessions that will ever read it are opened first and started at one point.
 *
 * @param outside a pool of sessions that are not in the snapshot, for locks and for stopping statements
 */
export async function openSnapshot(
  server: MysqlServer,
  outside: MysqlSessionPool,
  options: SnapshotOptions,
  logger: Logger,
): Promise<SnapshotSource> {
  const settings = await outside.use('reading the settings of the server', readPositionSettings);
  if (options.wantCursor) refuseWithoutPositions(server, settings);
  const workers = new MysqlSessionPool({ server, maxConnections: Math.max(1, options.maxConnections) });
  try {
    const leases = await openSessions(workers, options.maxConnections);
    const { tables, wantCursor } = options;
    const start = await startAtOnePoint({ server, outside, leases, settings, tables, wantCursor, logger });
    if (options.wantCursor) refuseEmptyPosition(server, start.position);
    return await adopt({ server, outside, workers, options, settings, start });
  } catch (thrown) {
    await workers.close();
    throw classify(thrown, server.url, 'opening a snapshot');
  }
}

function openSessions(workers: MysqlSessionPool, count: number): Promise<MysqlSessionLease[]> {
  return Promise.all(Array.from({ length: Math.max(1, count) }, () => workers.lease('opening a snapshot')));
}

interface Started {
  readonly server: MysqlServer;
  readonly outside: MysqlSessionPool;
  readonly workers: MysqlSessionPool;
  readonly options: SnapshotOptions;
  readonly settings: PositionSettings;
  readonly start: StartPoint;
}

async function adopt(started: Started): Promise<SnapshotSource> {
  const { server, outside, workers, options, settings, start } = started;
  const sessions = new SnapshotSessions(server.url, start.sessions);
  const { maxPacketBytes, outsiders } = await sessions.use(
    'looking at the tables of the run',
    async (session) => {
      await keepTables(session, options.tables);
      const loose = await tablesOutsideSnapshots(session, options.tables);
      return { maxPacketBytes: await readMaxPacket(session), outsiders: loose };
    },
  );
  const known = start.exact && settings.server !== '' && start.position !== '';
  const identity = known ? `${settings.server}/${start.position}` : '';
  return new MysqlSnapshot({
    server, outside, workers, sessions, maxPacketBytes, identity,
    unrepresentable: options.unrepresentable,
    cursor: options.wantCursor ? start.position : '',
    continues: known && options.resume === identity && outsiders.length === 0,
    warnings: [
      ...start.warnings,
      ...outsiders.map(({ name, engine }) =>
        `${name} is a table of engine ${engine}, which has no snapshots: its rows are copied as they are when they are read`),
    ],
  }); // prettier-ignore
}

const tablesAtATime = 50;

/**
 * Opens every table in the snapshot's transaction: as long as that lives, ALTER, TRUNCATE and DROP wait. Readers and
 * writers do not notice, until one of those waits.
 */
async function keepTables(session: MysqlSession, tables: readonly Table[]): Promise<void> {
  for (let start = 0; start < tables.length; start += tablesAtATime) {
    const some = tables.slice(start, start + tablesAtATime);
    await session.query(some.map((table) => `(SELECT 1 FROM ${from(table)} LIMIT 0)`).join(' UNION ALL '));
  }
}

async function readMaxPacket(session: MysqlSession): Promise<number> {
  const rows = await session.query<{ bytes: string | number }>(
    'SELECT @@SESSION.max_allowed_packet AS bytes',
  );
  return Number(rows[0]?.bytes ?? 0);
}

interface SnapshotParts {
  readonly server: MysqlServer;
  readonly outside: MysqlSessionPool;
  readonly workers: MysqlSessionPool;
  readonly sessions: SnapshotSessions;
  readonly maxPacketBytes: number;
  readonly unrepresentable: UnrepresentablePolicy;
  readonly cursor: string;
  readonly identity: string;
  readonly continues: boolean;
  readonly warnings: readonly string[];
}

/** What one export holds beside its longest row: the stream's buffer, the chunk that is filled, the socket's. */
const fixedBufferBytes = 4 * streamBufferBytes;
/**
 * Copies of the longest row at a time: as it arrives, put together by the driver, its digits, their chunks, and as many
 * again that are garbage already. Rows of 10 MB were measured to take 172 to 181 MiB.
 */
const copiesOfRow = 9;
/** Two hexadecimal digits a byte. */
const digitsPerByte = 2;

class MysqlSnapshot implements SnapshotSource {
  readonly cursor: string;
  readonly identity: string;
  readonly continues: boolean;
  readonly warnings: readonly string[];
  readonly exportFormats: readonly CopyFormat[] = ['csv', 'csv-marked-null'];
  readonly rowHasher: RowHasher;
  readonly #parts: SnapshotParts;
  readonly #longest: LongestRows;
  #closed: Promise<void> | undefined;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.cursor = parts.cursor;
    this.identity = parts.identity;
    this.continues = parts.continues;
    this.warnings = parts.warnings;
    this.#longest = new LongestRows(parts.sessions);
    this.rowHasher = new MysqlRowHasher(parts.sessions, parts.server, parts.unrepresentable);
  }

  async bufferBytes(table: Table): Promise<number> {
    return fixedBufferBytes + copiesOfRow * digitsPerByte * (await this.#longest.bytes(table));
  }

  planShards(table: Table, options: ShardOptions): Promise<ShardPlan> {
    return this.#parts.sessions.use(`planning shards of ${displayName(table.name)}`, (session) =>
      planShards(session, table, options),
    );
  }

  async export(request: ExportRequest): Promise<ExportStream> {
    const { sessions, outside, maxPacketBytes, unrepresentable } = this.#parts;
    const { table, columns, format, signal } = request;
    const longApart = isTooLongToJoin(await this.#longest.bytes(table), maxPacketBytes);
    const plan = planRow({ table, columns, format, unrepresentable, longApart });
    const sql = selectRange(plan.expressions, request);
    return streamRows({ sessions, outside, table, plan, sql, maxPacketBytes, signal });
  }

  /** Ends the transactions with their sessions: nothing stays on the server, whatever the outcome. */
  close(): Promise<void> {
    this.#closed ??= this.#parts.workers.close();
    return this.#closed;
  }
}
