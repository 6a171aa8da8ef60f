import { TsmoltError } from '@tsmolt/core';
import type { ChangeOptions, ChangeSource } from '@tsmolt/core';
import type { Server, SessionPool } from '@tsmolt/pgwire';
import { publicationName } from '../snapshot/replication-slot.js';
import { PostgresChangeSource } from './change-source.js';
import type { Streaming } from './change-stream.js';
import { readServer } from './log-end.js';
import type { ServerRow } from './log-end.js';
import { untilUnread } from './slot-reader.js';
import { explainStream } from './stream-errors.js';
import { readWantedTables } from './wanted-tables.js';
import { Walsender } from './walsender.js';

/** MOLT's default for `--slotName`. */
const defaultSlot = 'replicator';

export interface ChangesPlace {
  readonly server: Server;
  /** Sessions beside the stream. */
  readonly pool: SessionPool;
  readonly streaming: Streaming;
}

/**
 * Checks what replication needs, all of it before the first change is read.
 *
 * @throws TsmoltError `TSM5002` for a server or publication that is not set up, `TSM5003` for a table without identity,
 *   `TSM5005` for a slot that cannot be read, `TSM5007` for one that cannot yet, `TSM5006` for changes in a form that cannot be replicated, `TSM3001` where
 *   the user may not replicate
 */
export async function openChanges(
  { server, pool, streaming }: ChangesPlace,
  options: ChangeOptions,
): Promise<ChangeSource> {
  const { slot = defaultSlot, publication = publicationName } = options;
  const { database, in_recovery } = await usableDatabase(server, pool);
  const ended = await untilUnread(pool, slot, options.reader);
  const { tables, watch, warnings } = await readWantedTables(pool, server.versionNumber, {
    tables: options.tables,
    others: options.others,
    leftOut: options.leftOut,
    publication,
    shapes: options.shapes,
  });
  const { system, timeline } = await asked(server, slot, (walsender) => walsender.identify());
  const identity = `${system}/${database}/${slot}`;
  return new PostgresChangeSource({
    server,
    pool,
    streaming,
    options,
    slot,
    publication,
    tables,
    watch,
    identity,
    timeline: in_recovery ? undefined : timeline,
    historyOf: () => asked(server, slot, (walsender) => walsender.timelineHistory(timeline)),
    warnings: [...ended, ...warnings],
  });
}

async function usableDatabase(server: Server, pool: SessionPool): Promise<ServerRow> {
  const row = await pool.use('asking for the settings of the source', readServer);
  const { wal_level, in_recovery } = row;
  if (wal_level !== 'logical') {
    throw new TsmoltError('TSM5002', {
      message: `the source ${server.url.host} has wal_level = ${wal_level}, and replication needs logical`,
      advice: `ALTER SYSTEM SET wal_level = 'logical' and restart the source; then fetch again, with a slot.`,
    });
  }
  if (in_recovery && server.versionNumber < 160_000) {
    throw new TsmoltError('TSM5002', {
      message: `the source ${server.url.host} is a standby, and only from version 16 on can changes be read from one`,
      advice: 'Name the primary in the connection string.',
    });
  }
  return row;
}

/** Asks in a session for replication: whether the user may have one is found out the same way as later. */
async function asked<Answer>(
  server: Server,
  slot: string,
  question: (walsender: Walsender) => Promise<Answer>,
): Promise<Answer> {
  const walsender = new Walsender(server);
  try {
    await walsender.connect();
    return await question(walsender);
  } catch (thrown) {
    throw explainStream(thrown, server.url, slot);
  } finally {
    await walsender.stop();
  }
}
