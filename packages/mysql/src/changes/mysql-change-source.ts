import { randomInt } from 'node:crypto';
import { displayName, GtidSet, TsmoltError } from '@tsmolt/core';
import type { ChangeChunk, ChangeLog, ChangeOptions, ChangeSource, PartialOrder } from '@tsmolt/core';
import type { MysqlServer } from '../connect/mysql-server.js';
import type { MysqlSession } from '../connect/session.js';
import type { MysqlSessionPool } from '../connect/session-pool.js';
import { readsAllTables } from '../snapshot/grants.js';
import { readPositionSettings, refuseWithoutPositions } from '../position.js';
import { changeLog } from './change-log.js';
import { BinlogStream } from './binlog-stream.js';
import { Neighbours } from './neighbours.js';
import { readPrograms } from './source-programs.js';
import {
  readSourceSettings, refuseSettings, refuseSilentReplica, refuseUnreadableLog, settingWarnings,
} from './source-settings.js'; // prettier-ignore
import type { SourceSettings } from './source-settings.js';
import { refuseUnidentified, SourceTables } from './source-tables.js';
import type { SourceTable } from './source-tables.js';
import { shapeOf } from './table-shape.js';
import { CharacterSets } from './values/character-sets.js';
import { WantedTables } from './wanted-tables.js';

/**
 * The changes in the binary log of MySQL or MariaDB, by GTID.
 *
 * A table's rows are found by its primary key, or by a unique key without NULL. Positions are GTID sets (MySQL) or the last
 * GTID of each domain (MariaDB). A transaction that is prepared (`XA PREPARE`) comes when it is committed, and the position
 * does not pass it before; on MariaDB, whose positions have no holes, what was committed meanwhile comes once more after a
 * restart.
 *
 * @throws TsmoltError `TSM3001`, `TSM3002`, `TSM5002`, `TSM5003`, `TSM5006` for what keeps changes from being read
 */
export async function openChanges(
  server: MysqlServer,
  pool: MysqlSessionPool,
  options: ChangeOptions,
): Promise<ChangeSource> {
  const names = options.tables.map(({ table }) => table);
  const tables = new SourceTables(pool, server, names);
  const naming = await tables.naming();
  const { settings, clockAhead, seesAll } = await pool.use(
    'reading the settings of the binary log',
    async (session) => {
      refuseWithoutPositions(server, await readPositionSettings(session));
      await refuseUnreadableLog(session, server, naming.database);
      await refuseSilentReplica(session, server);
      return {
        settings: await readSourceSettings(session),
        clockAhead: await clockDifference(session),
        seesAll: await readsAllTables(session, naming.database),
      };
    },
  );
  refuseSettings(server, settings, options);
  const found = await tables.describe();
  refuseUnidentified(options.tables, found);
  await refuseSystemVersioned(tables);
  const warnings = [
    ...settingWarnings(settings),
    ...unsupportedColumns(found),
    ...(await cascadeWarnings(tables, found, settings)),
  ];
  const identity = identityOf(server, naming.database, settings);
  return new MysqlChangeSource({ server, pool, options, tables, ...naming, identity, warnings, clockAhead, seesAll }); // prettier-ignore
}

/** Milliseconds by which the source's clock is ahead of this machine's. */
async function clockDifference(session: MysqlSession): Promise<number> {
  const asked = Date.now();
  const [row] = await session.query<{ now: string | number }>('SELECT UNIX_TIMESTAMP(NOW(3)) AS now');
  return Math.round(Number(row?.now ?? asked / 1000) * 1000 - (asked + Date.now()) / 2);
}

/**
 * MySQL's positions say themselves which topology they belong to, and are good on every server of it: a failover keeps the
 * identity. MariaDB's are small numbers that another server may have too, and nothing there names a topology: the identity is
 * that of the server.
 */
function identityOf({ flavour }: MysqlServer, database: string, settings: SourceSettings): string {
  if (flavour === 'mysql') return `mysql/${database}`;
  return `mariadb/${settings.get('server_uid') ?? settings.get('server_id') ?? ''}/${database}`;
}

async function refuseSystemVersioned(tables: SourceTables): Promise<void> {
  const [versioned] = await tables.systemVersioned();
  if (versioned === undefined) return;
  throw new TsmoltError('TSM5006', {
    message: `${versioned} is a system-versioned table: the binary log has its history among its rows`,
    advice: 'Leave the table out with --table-exclusion-filter, or drop its versioning on the source.',
  });
}

async function cascadeWarnings(
  tables: SourceTables,
  found: ReadonlyMap<string, SourceTable>,
  settings: SourceSettings,
): Promise<string[]> {
  // From MySQL 9.6 on the server itself follows foreign keys, and writes what it does into the log.
  if (settings.get('innodb_native_foreign_keys') === 'OFF') return [];
  const children = await tables.cascading([...found.values()].map(({ table }) => table));
  if (children.length === 0) return [];
  return [
    `foreign keys change rows of ${children.join(', ')} by CASCADE or SET NULL, and the source does not write that into its binary log: the target needs the same foreign keys with the same rules`,
  ];
}

/** An export refuses such columns; here a run cannot tell whether anybody wants them. */
function unsupportedColumns(found: ReadonlyMap<string, SourceTable>): string[] {
  return [...found.values()].flatMap(({ table }) =>
    table.columns
      .filter(({ type }) => type.kind === 'native')
      .map(
        ({ name, nativeType }) =>
          `${displayName(table.name)}: column ${name} is of type ${nativeType}, which cannot be replicated: changes come without it`,
      ),
  );
}

interface Parts {
  readonly server: MysqlServer;
  readonly pool: MysqlSessionPool;
  readonly options: ChangeOptions;
  readonly tables: SourceTables;
  readonly database: string;
  readonly foldsCase: boolean;
  readonly identity: string;
  readonly warnings: readonly string[];
  readonly clockAhead: number;
  /** Whether the catalog shows the user all tables. */
  readonly seesAll: boolean;
}

class MysqlChangeSource implements ChangeSource {
  readonly identity: string;
  readonly warnings: readonly string[];
  readonly #parts: Parts;
  readonly #log: ChangeLog;
  readonly #characterSets: CharacterSets;
  readonly #streams = new Set<BinlogStream>();
  readonly #serverId: number;
  readonly #neighbours: Neighbours;
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#log = changeLog(parts.server, parts.pool);
    this.identity = parts.identity;
    this.warnings = parts.warnings;
    this.#characterSets = new CharacterSets(parts.pool);
    const { pool, database, foldsCase, options } = parts;
    this.#neighbours = new Neighbours({
      database,
      foldsCase,
      read: () => readPrograms(pool, database),
      warn: (message) => options.onWarning?.(message),
      now: () => performance.now(),
    });
    // Far from the numbers that people give their servers.
    this.#serverId = parts.options.processId ?? randomInt(2 ** 31, 2 ** 32 - 1);
  }

  async *changes(from: string | undefined, signal: AbortSignal): AsyncGenerator<ChangeChunk> {
    if (signal.aborted || this.#closed) return;
    const position = await this.#checked(from);
    if (isAborted(signal) || this.#closed) return;
    const stream = this.#open(position);
    const stop = (): void => void stream.stop();
    signal.addEventListener('abort', stop, { once: true });
    this.#streams.add(stream);
    try {
      for (;;) {
        const chunk = await stream.next();
        if (chunk === undefined) return;
        yield chunk;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      await stream.stop();
      this.#streams.delete(stream);
    }
  }

  /** The server keeps its log by its own rules, and does not ask who still needs it. */
  acknowledge(): void {
    // Nothing to say.
  }

  currentPosition(): Promise<string> {
    return this.#log.currentPosition();
  }

  compare(left: string, right: string): PartialOrder {
    return this.#log.compare(left, right);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#streams].map((stream) => stream.stop()));
  }

  #open(position: string): BinlogStream {
    const { server, pool, options, tables, database, foldsCase, clockAhead, seesAll } = this.#parts;
    const names = options.tables.map(({ table }) => table);
    return new BinlogStream({
      server,
      outside: pool,
      position,
      serverId: this.#serverId,
      bufferBytes: options.bufferBytes,
      now: () => Date.now() + clockAhead,
      names: { database, foldsCase, tables: names },
      neighbours: this.#neighbours,
      tables: new WantedTables({
        database,
        foldsCase,
        names: options.tables,
        others: options.others,
        leftOut: options.leftOut,
        seesAll,
        flavour: server.flavour,
        exists: (name) => tables.exists(name.table),
        altered: () => tables.forget(),
        resolve: async (map, name) =>
          shapeOf(map, {
            name,
            source: (await tables.describe()).get(name.table),
            flavour: server.flavour,
            characterSets: this.#characterSets,
            unrepresentable: options.unrepresentable,
            onReplaced: options.onReplaced,
            fetchMetadata: options.fetchMetadata === true,
          }),
      }),
    });
  }

  /**
   * The server itself would take positions that it cannot know, or start where it can.
   *
   * @throws TsmoltError `TSM7002` for none, `TSM7007` for one that the server never had, `TSM5005` for one it has no more
   */
  async #checked(from: string | undefined): Promise<string> {
    const { server, pool } = this.#parts;
    if (from === undefined || from.trim() === '') throw withoutPosition(server);
    // Says what is wrong with a text that is none.
    this.compare(from, from);
    const order = this.compare(from, await this.currentPosition());
    if (order === 1 || order === undefined) throw foreignPosition(server, from);
    if (server.flavour === 'mysql') {
      const purged = await pool.use('reading what was purged', (session) => readPurged(session));
      const missing = GtidSet.parse(from).compare(GtidSet.parse(purged));
      if (missing === -1 || missing === undefined) throw purgedPosition(server, from, purged);
    }
    return from;
  }
}

/** Asked again after a wait; the compiler would take the first answer for the second. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

async function readPurged(session: MysqlSession): Promise<string> {
  const [row] = await session.query<{ purged: string }>('SELECT @@GLOBAL.gtid_purged AS purged');
  return row?.purged ?? '';
}

function withoutPosition({ url }: MysqlServer): TsmoltError {
  return new TsmoltError('TSM7002', {
    message: `there is no position to start from: ${url.host} does not remember how far a replication has come`,
    advice: 'Give --defaultGTIDSet the cdc_cursor that the data load printed.',
  });
}

function foreignPosition({ url }: MysqlServer, from: string): TsmoltError {
  return new TsmoltError('TSM7007', {
    message: `the source ${url.host} never had the position ${from}`,
    advice:
      'Check --sourceConn and the position: it belongs to another server, or to this one before it was restored from a ' +
      'backup. Where the source is right, run the data load again.',
  });
}

function purgedPosition({ url }: MysqlServer, from: string, purged: string): TsmoltError {
  return new TsmoltError('TSM5005', {
    message: `the source ${url.host} no longer has all changes since ${from}: it has purged ${purged}`,
    advice:
      'What lies between is lost to replication: run the data load again, and keep the binary log for longer ' +
      '(binlog_expire_logs_seconds).',
  });
}
