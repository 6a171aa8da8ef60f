import type { ClientBase, PoolClient } from 'pg';
import type {
  CopyFormat, ExportRequest, ExportStream, Logger, RowHasher, ShardOptions, ShardPlan, SnapshotOptions, SnapshotSource,
  Table,
} from '@tsmolt/core'; // prettier-ignore
import { displayName } from '@tsmolt/core';
import { copyBufferBytes, copyOut, quoteLiteral, SessionPool } from '@tsmolt/pgwire';
import type { Server, SessionLease } from '@tsmolt/pgwire';
import { planShards } from '../export/plan-shards.js';
import { PostgresRowHasher } from '../hash.js';
import { exportOptions, from, selectRange, sessionSettings } from '../sql.js';
import { showsSameRows, snapshotIdentity } from './identity.js';
import { createSlot, dropSlot } from './replication-slot.js';
import type { SlotSetup } from './replication-slot.js';

const beginSnapshot = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

interface SnapshotParts {
  readonly server: Server;
  readonly cursor: string;
  readonly identity: string;
  readonly continues: boolean;
  readonly warnings: readonly string[];
  /** Holds the exported snapshot open: as long as it lives, workers can join. */
  readonly holder: SessionLease;
  readonly outside: SessionPool;
  readonly workers: SessionPool;
  readonly createdSlot?: string;
  readonly logger: Logger;
}

/**
 * Takes the snapshot: from a new replication slot where one is wanted, else by `pg_export_snapshot`.
 *
 * @param outside a pool of sessions that are not in the snapshot, for the slot and for clearing up
 */
export async function openSnapshot(
  server: Server,
  outside: SessionPool,
  options: SnapshotOptions,
  logger: Logger,
): Promise<SnapshotSource> {
  const holder = await outside.lease('opening a snapshot');
  const { replication } = options;
  try {
    const start = await outside.use('locking the tables of the run', async (guard) => {
      // Before the snapshot, not after: a TRUNCATE between the two would show the snapshot an empty table.
      await guard.query(`BEGIN; ${keepTables(options.tables)}`);
      const taken = await takeSnapshot(holder.client, { outside, server, options, logger });
      await holder.client.query(keepTables(options.tables));
      await guard.query('COMMIT');
      return taken;
    });
    const identity = await snapshotIdentity(holder.client);
    const continues =
      options.resume !== undefined && (await showsSameRows(holder.client, options.resume, identity));
    const workers = workerPool(server, start.snapshotName, options.maxConnections);
    return new PostgresSnapshot({
      server, holder, outside, workers, logger, cursor: start.cursor, warnings: start.warnings, identity, continues,
      ...(replication === undefined ? {} : { createdSlot: replication.slot }),
    }); // prettier-ignore
  } catch (thrown) {
    holder.destroy();
    throw thrown;
  }
}

/**
 * Keeps the tables and their rows where they are as long as the snapshot lives, as pg_dump does: no ALTER, no VACUUM
 * FULL (ranges of pages would mean other rows), no TRUNCATE (it empties a table for older snapshots too). Readers and
 * writers do not notice.
 */
function keepTables(tables: readonly Table[]): string {
  if (tables.length === 0) return 'SELECT';
  return `LOCK TABLE ${tables.map(from).join(', ')} IN ACCESS SHARE MODE`;
}

interface SnapshotContext {
  readonly outside: SessionPool;
  readonly server: Server;
  readonly options: SnapshotOptions;
  readonly logger: Logger;
}

function takeSnapshot(client: PoolClient, context: SnapshotContext): Promise<SnapshotStart> {
  const { outside, server, options, logger } = context;
  if (options.replication === undefined) return plainSnapshot(client, options.wantCursor);
  const setup = { ...options.replication, tables: options.tables.map((table) => table.name) };
  return slotSnapshot(client, { outside, server, setup, logger });
}

interface SnapshotStart {
  readonly snapshotName: string;
  readonly cursor: string;
  readonly warnings: readonly string[];
}

interface SlotContext {
  readonly outside: SessionPool;
  readonly server: Server;
  readonly setup: SlotSetup;
  readonly logger: Logger;
}

async function plainSnapshot(client: PoolClient, wantCursor: boolean): Promise<SnapshotStart> {
  // The position first, the snapshot second: a change between the two is in both, and none is in neither.
  const position = wantCursor ? await currentPosition(client) : { cursor: '', warnings: [] };
  await client.query(beginSnapshot);
  return { ...position, snapshotName: await exportSnapshot(client) };
}

async function slotSnapshot(
  client: PoolClient,
  { outside, server, setup, logger }: SlotContext,
): Promise<SnapshotStart> {
  const slot = await createSlot(outside, server, setup, logger);
  try {
    await client.query(`${beginSnapshot}; SET TRANSACTION SNAPSHOT ${quoteLiteral(slot.snapshotName)}`);
    return { cursor: slot.consistentPoint, warnings: [], snapshotName: await exportSnapshot(client) };
  } catch (thrown) {
    await outside.use('dropping the replication slot', (other) => dropSlot(other, setup.slot));
    throw thrown;
  } finally {
    await slot.end();
  }
}

async function exportSnapshot(client: PoolClient): Promise<string> {
  const { rows } = await client.query<{ name: string }>('SELECT pg_catalog.pg_export_snapshot() AS name');
  return rows[0]?.name ?? '';
}

async function currentPosition(client: PoolClient): Promise<{ cursor: string; warnings: string[] }> {
  const { rows } = await client.query<{ recovery: boolean; wal_level: string; position: string }>(
    `SELECT pg_catalog.pg_is_in_recovery() AS recovery, current_setting('wal_level') AS wal_level,
      CASE WHEN pg_catalog.pg_is_in_recovery() THEN pg_catalog.pg_last_wal_replay_lsn()
        ELSE pg_catalog.pg_current_wal_insert_lsn() END::text AS position`,
  );
  const row = rows[0];
  const warnings = [
    'no replication slot was asked for: replication can start at cdc_cursor only if a slot already holds it back ' +
      '(see --pglogical-replication-slot-name), or use --ignore-replication-check',
  ];
  if (row?.recovery)
    warnings.push('the source is a replica: cdc_cursor is the position that it has replayed');
  if (row?.wal_level !== 'logical')
    warnings.push(`the source has wal_level = ${row?.wal_level}: it cannot replicate from cdc_cursor`);
  return { cursor: row?.position ?? '', warnings };
}

function workerPool(server: Server, snapshotName: string, maxConnections: number): SessionPool {
  const join = `${sessionSettings(server.versionNumber)}; ${beginSnapshot}; SET TRANSACTION SNAPSHOT ${quoteLiteral(snapshotName)}`;
  return new SessionPool({
    url: server.url,
    config: server.config,
    maxConnections,
    prepare: async (client: ClientBase) => {
      await client.query(join);
    },
  });
}

type Outcome = Parameters<SnapshotSource['close']>[0];

class PostgresSnapshot implements SnapshotSource {
  readonly cursor: string;
  readonly warnings: readonly string[];
  readonly exportFormats: readonly CopyFormat[] = ['binary', 'text', 'csv', 'csv-marked-null'];
  readonly identity: string;
  readonly continues: boolean;
  readonly rowHasher: RowHasher;
  readonly #parts: SnapshotParts;
  #closed: Promise<void> | undefined;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.cursor = parts.cursor;
    this.warnings = parts.warnings;
    this.identity = parts.identity;
    this.continues = parts.continues;
    this.rowHasher = new PostgresRowHasher(parts.workers, parts.server.versionNumber);
  }

  /** Rows stream through in pieces, however long they are. */
  bufferBytes(): Promise<number> {
    return Promise.resolve(copyBufferBytes);
  }

  planShards(table: Table, options: ShardOptions): Promise<ShardPlan> {
    return this.#parts.workers.use(`planning shards of ${displayName(table.name)}`, (client) =>
      planShards(client, this.#parts.server.versionNumber, table, options),
    );
  }

  export(request: ExportRequest): Promise<ExportStream> {
    const { versionNumber } = this.#parts.server;
    const { table, columns, range, filter } = request;
    const rows = selectRange(table, columns, range, { filter, versionNumber });
    return copyOut({
      pool: this.#parts.workers,
      url: this.#parts.server.url,
      sql: `COPY (${rows}) TO STDOUT (${exportOptions(request.format)})`,
      subject: `exporting ${displayName(request.table.name)}`,
      signal: request.signal,
    });
  }

  close(outcome: Outcome): Promise<void> {
    this.#closed ??= this.#close(outcome);
    return this.#closed;
  }

  async #close(outcome: Outcome): Promise<void> {
    const { holder, workers, outside, createdSlot, logger } = this.#parts;
    await workers.close();
    holder.destroy();
    if (outcome === 'failed' && createdSlot !== undefined) {
      // The slot would keep WAL for a snapshot that is gone, until the disk of the source is full.
      await outside.use('dropping the replication slot of the failed run', (client) =>
        dropSlot(client, createdSlot),
      );
      logger.info({ slot: createdSlot }, 'dropped the replication slot of the failed run');
    }
  }
}
