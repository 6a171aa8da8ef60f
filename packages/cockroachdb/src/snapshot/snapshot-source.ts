import type {
  CopyFormat, ExportRequest, ExportStream, Hlc, Logger, RowHasher, ShardOptions, ShardPlan, SnapshotOptions,
  SnapshotSource, Table,
} from '@tsmolt/core'; // prettier-ignore
import { columnOf, displayName, TsmoltError, withoutDomain } from '@tsmolt/core';
import { copyBufferBytes, copyOut, quoteIdentifier, quoteTable, SessionPool } from '@tsmolt/pgwire';
import type { Server } from '@tsmolt/pgwire';
import { planShards } from '../export/plan-shards.js';
import { CockroachRowHasher } from '../hash.js';
import { bothOf, csvOptions, prepareSession, selectRange } from '../sql.js';
import { HistoryProtection } from './history-protection.js';
import { beginAt, snapshotTime } from './timestamp.js';
import type { SnapshotTime } from './timestamp.js';

interface SnapshotParts {
  readonly server: Server;
  readonly time: SnapshotTime;
  readonly cursor: string;
  readonly warnings: readonly string[];
  readonly workers: SessionPool;
  readonly protection: HistoryProtection | undefined;
  readonly logger: Logger;
}

/**
 * A moment of the cluster that every session reads at (AS OF SYSTEM TIME), protected from garbage collection as long as the
 * snapshot is open. Nothing holds it open: a session that breaks is replaced by another at the same moment.
 *
 * @param outside a pool of sessions that read the present
 * @throws TsmoltError `TSM1001` when a replication slot is wanted
 */
export async function openSnapshot(
  server: Server,
  outside: SessionPool,
  options: SnapshotOptions,
  logger: Logger,
): Promise<SnapshotSource> {
  if (options.replication !== undefined) throw noSlots(options.replication.slot);
  const time = await outside.use('opening a snapshot', (client) =>
    snapshotTime(client, options.tables, { resume: options.resume, url: server.url }),
  );
  const protecting = await HistoryProtection.start(time.at, {
    pool: outside,
    logger,
    durations: options.protection,
  });
  const warnings = [
    ...('warning' in protecting ? [protecting.warning] : []),
    ...(options.wantCursor ? await changefeedWarnings(outside) : []),
  ];
  return new CockroachSnapshot({
    server,
    time,
    cursor: options.wantCursor ? time.at.toString() : '',
    warnings,
    workers: workerPool(server, time.at, options.maxConnections),
    protection: 'protection' in protecting ? protecting.protection : undefined,
    logger,
  });
}

function noSlots(slot: string): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `the replication slot ${slot} is wanted, and the source is CockroachDB, which has none`,
    advice: 'Leave out --pglogical-replication-slot-name: cdc_cursor is where a changefeed starts.',
  });
}

/** A changefeed from the cursor on needs rangefeeds. Not everybody may ask for the setting: then nothing is said. */
async function changefeedWarnings(outside: SessionPool): Promise<string[]> {
  const shown = await outside
    .use('asking for kv.rangefeed.enabled', (client) =>
      client.query<Record<string, unknown>>('SHOW CLUSTER SETTING kv.rangefeed.enabled'),
    )
    .catch(() => undefined);
  const value = Object.values(shown?.rows[0] ?? {})[0];
  if (value !== false && value !== 'false' && value !== 'f') return [];
  return [
    'the source has kv.rangefeed.enabled = false: a changefeed cannot start at cdc_cursor before ' +
      'SET CLUSTER SETTING kv.rangefeed.enabled = true',
  ];
}

function workerPool(server: Server, at: Hlc, maxConnections: number): SessionPool {
  return new SessionPool({
    url: server.url,
    config: server.config,
    maxConnections,
    prepare: async (client) => {
      await prepareSession(client);
      await client.query(beginAt(at));
    },
  });
}

type Outcome = Parameters<SnapshotSource['close']>[0];

class CockroachSnapshot implements SnapshotSource {
  readonly cursor: string;
  readonly identity: string;
  readonly continues: boolean;
  readonly warnings: readonly string[];
  readonly exportFormats: readonly CopyFormat[] = ['csv', 'csv-marked-null'];
  readonly rowHasher: RowHasher;
  readonly #parts: SnapshotParts;
  #closed: Promise<void> | undefined;

  constructor(parts: SnapshotParts) {
    this.#parts = parts;
    this.cursor = parts.cursor;
    this.identity = parts.time.identity;
    this.continues = parts.time.continues;
    this.warnings = parts.warnings;
    this.rowHasher = new CockroachRowHasher(parts.workers);
  }

  /** Rows stream through in pieces, however long they are. */
  bufferBytes(): Promise<number> {
    return Promise.resolve(copyBufferBytes);
  }

  planShards(table: Table, options: ShardOptions): Promise<ShardPlan> {
    return this.#parts.workers.use(`planning shards of ${displayName(table.name)}`, (client) =>
      planShards(client, table, options),
    );
  }

  async export(request: ExportRequest): Promise<ExportStream> {
    const { table, columns, range, filter, format, signal } = request;
    if (format === 'csv-marked-null') await this.#refuseMarks(request);
    return copyOut({
      pool: this.#parts.workers,
      url: this.#parts.server.url,
      sql: `COPY (${selectRange(table, columns, range, filter)}) TO STDOUT WITH ${csvOptions(format)}`,
      subject: `exporting ${displayName(table.name)}`,
      signal,
    });
  }

  close(outcome: Outcome): Promise<void> {
    this.#closed ??= this.#close(outcome);
    return this.#closed;
  }

  /**
   * CockroachDB quotes a value only for what CSV itself needs: the text `\N` would be taken for the mark of NULL. It is so
   * rare that it is looked for, and refused, instead of rewritten.
   */
  async #refuseMarks({ table, columns, range, filter }: ExportRequest): Promise<void> {
    const texts = columns.filter((name) => mayHoldText(table, name));
    if (texts.length === 0) return;
    const marks = texts.map((name) => `${quoteIdentifier(name)}::STRING = '\\N'`).join(' OR ');
    const sql = `SELECT 1 FROM ${quoteTable(table.name)} WHERE (${bothOf(range, filter)}) AND (${marks}) LIMIT 1`;
    const { rows } = await this.#parts.workers.use(`exporting ${displayName(table.name)}`, (client) =>
      client.query(sql),
    );
    if (rows.length === 0) return;
    throw new TsmoltError('TSM3008', {
      message: `exporting ${displayName(table.name)}: one of ${texts.join(', ')} holds the text \\N, which CockroachDB writes like NULL in this format`,
      advice: 'Leave the row out with --filter-path, or change the value on the source.',
    });
  }

  /**
   * Where a changefeed is to start at the cursor, the history stays protected for its whole time: the feed takes over
   * from there.
   */
  async #close(outcome: Outcome): Promise<void> {
    const { workers, protection } = this.#parts;
    await workers.close();
    const needed = outcome === 'resumable' || (outcome === 'complete' && this.cursor !== '');
    await protection?.stop(needed ? 'let it run out' : 'cancel');
  }
}

function mayHoldText(table: Table, name: string): boolean {
  const { kind } = withoutDomain(columnOf(table, name).type);
  return kind === 'string' || kind === 'enum' || kind === 'native';
}
