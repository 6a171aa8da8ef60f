import pg from 'pg';
import type { PoolClient } from 'pg';
import { displayName, TsmoltError } from '@tsmolt/core';
import type { Logger, ReplicationSetup, TableName } from '@tsmolt/core';
import { classify, quoteIdentifier, quoteTable } from '@tsmolt/pgwire';
import type { Server, SessionPool } from '@tsmolt/pgwire';

/** MOLT's name for the publication that fetch makes: the seeds' `--publicationName molt_fetch` expects it. */
export const publicationName = 'molt_fetch';

/** The slot that is wanted, and the tables whose changes are to be published. */
export interface SlotSetup extends ReplicationSetup {
  readonly tables: readonly TableName[];
}

export interface SlotSnapshot {
  /** Where the slot starts: everything in the snapshot lies before it, every later change after it. */
  readonly consistentPoint: string;
  readonly snapshotName: string;
  /** Ends the walsender session, and with it the snapshot as far as nobody has adopted it. */
  readonly end: () => Promise<void>;
}

/**
 * Makes publication and slot, in this order, so that no change after the slot's start lacks its publication.
 *
 * @throws TsmoltError `TSM5001` when the slot exists and is not to be replaced, `TSM5002` where the server is not set up,
 *   or is a standby that cannot be replicated from
 */
export async function createSlot(
  pool: SessionPool,
  server: Server,
  setup: SlotSetup,
  logger: Logger,
): Promise<SlotSnapshot> {
  await pool.use('preparing replication', async (client) => {
    const onStandby = await isStandby(client);
    if (onStandby) refuseOldStandby(server);
    await refuseWithoutLogicalWal(client, server);
    await refuseWithoutIdentity(client, setup.tables);
    if (onStandby) return prepareStandby(client, server, setup, logger);
    if (setup.recreate) await dropBoth(client, setup.slot, logger);
    const otherwise = 'or use --pglogical-publication-and-slot-drop-and-recreate';
    if (await keepsPublication(client, logger, otherwise)) return;
    await client.query(publicationStatement(server, setup));
  });
  return createSlotWithSnapshot(server, setup.slot);
}

/** Drops a slot that this run has made, where it still exists. */
export async function dropSlot(client: PoolClient, slot: string): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT pg_catalog.pg_drop_replication_slot(slot_name) FROM pg_catalog.pg_replication_slots WHERE slot_name = $1',
    [slot],
  );
  return (rowCount ?? 0) > 0;
}

async function refuseWithoutLogicalWal(client: PoolClient, server: Server): Promise<void> {
  const { rows } = await client.query<{ wal_level: string }>(
    `SELECT current_setting('wal_level') AS wal_level`,
  );
  const level = rows[0]?.wal_level;
  if (level === 'logical') return;
  throw new TsmoltError('TSM5002', {
    message: `the source ${server.url.host} has wal_level = ${level ?? 'unknown'}, and a replication slot needs logical`,
    advice:
      'Set wal_level = logical and restart the source, or leave out --pglogical-replication-slot-name ' +
      'and use --ignore-replication-check for a load without replication.',
  });
}

/** `relreplident`: d the primary key, i an index, f the whole row, n nothing. A partition has its own; its root's key is its too. */
const identityQuery = `
  SELECT n.nspname AS schema, c.relname AS "table" FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  WHERE c.oid = ANY ($1::regclass[]) AND (c.relreplident = 'n' OR c.relreplident = 'd' AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_index i WHERE i.indrelid = c.oid AND i.indisprimary))
  ORDER BY 1, 2`;

/** A published table without an identity would take the application down: its UPDATE and DELETE fail on the source. */
async function refuseWithoutIdentity(client: PoolClient, tables: readonly TableName[]): Promise<void> {
  const { rows } = await client.query<TableName>(identityQuery, [tables.map(quoteTable)]);
  if (rows.length === 0) return;
  const names = rows.map(displayName).join(', ');
  throw new TsmoltError('TSM5003', {
    message: `${names} cannot be replicated: no primary key and no other replica identity`,
    advice:
      'Run ALTER TABLE ... REPLICA IDENTITY FULL on the source, or leave them out with --table-exclusion-filter: once ' +
      'they are in a publication, PostgreSQL refuses UPDATE and DELETE on them.',
  });
}

async function dropBoth(client: PoolClient, slot: string, logger: Logger): Promise<void> {
  logger.info(`dropping and recreating publication ${publicationName}`);
  await client.query(`DROP PUBLICATION IF EXISTS ${quoteIdentifier(publicationName)}`);
  if (await dropSlot(client, slot)) logger.info({ slot }, 'dropped replication slot');
}

async function isStandby(client: PoolClient): Promise<boolean> {
  const { rows } = await client.query<{ standby: boolean }>(
    'SELECT pg_catalog.pg_is_in_recovery() AS standby',
  );
  return rows[0]?.standby === true;
}

function refuseOldStandby(server: Server): void {
  if (server.versionNumber >= 160_000) return;
  throw new TsmoltError('TSM5002', {
    message: `the source ${server.url.host} is a standby, and only from version 16 on can a slot be made on one`,
    advice:
      'Name the primary in the connection string, or leave out --pglogical-replication-slot-name for a load without ' +
      'replication.',
  });
}

/** A standby has the publications of its primary and can change none; slots are its own. */
async function prepareStandby(
  client: PoolClient,
  server: Server,
  setup: SlotSetup,
  logger: Logger,
): Promise<void> {
  const otherwise =
    `and have the primary mend it where it does not (ALTER PUBLICATION ${quoteIdentifier(publicationName)} SET TABLE ...) ` +
    'before the slot is made';
  if (!(await keepsPublication(client, logger, otherwise))) {
    throw new TsmoltError('TSM5002', {
      message: `the source ${server.url.host} is a standby without publication ${publicationName}, and only its primary can make one`,
      advice:
        `Run ${publicationStatement(server, setup)} on the primary, wait until the standby has it, and fetch again. While ` +
        'the slot is made the standby waits for a record of its primary: SELECT pg_log_standby_snapshot() there writes it at once.',
    });
  }
  if (setup.recreate && (await dropSlot(client, setup.slot)))
    logger.info({ slot: setup.slot }, 'dropped replication slot');
}

/** Whether there is a publication of this name: it is left as it is. */
async function keepsPublication(client: PoolClient, logger: Logger, otherwise: string): Promise<boolean> {
  const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_publication WHERE pubname = $1', [
    publicationName,
  ]);
  if (rowCount === 0) return false;
  logger.warn(
    `publication ${publicationName} exists and is kept: check that it holds the tables of this run, ${otherwise}`,
  );
  return true;
}

/** The publication holds just the tables of this run: no privilege beyond their ownership is needed. */
function publicationStatement(server: Server, setup: SlotSetup): string {
  const tables = setup.tables.map((table) => quoteTable(table)).join(', ');
  return `CREATE PUBLICATION ${quoteIdentifier(publicationName)} FOR TABLE ${tables}${publicationOptions(server)}`;
}

/**
 * Changes of a partitioned table are to carry the root's name, as its rows do (version 13 and later), and what a table
 * computes is to be sent, because the target may have a plain column for it (version 18 and later).
 */
function publicationOptions({ versionNumber }: Server): string {
  if (versionNumber >= 180_000) {
    return ' WITH (publish_via_partition_root = true, publish_generated_columns = stored)';
  }
  return versionNumber >= 130_000 ? ' WITH (publish_via_partition_root = true)' : '';
}

async function createSlotWithSnapshot(server: Server, slot: string): Promise<SlotSnapshot> {
  // The driver's types do not know `replication`; the driver does (a startup parameter of the protocol).
  const client = new pg.Client({ ...server.config, replication: 'database' } as pg.ClientConfig);
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ consistent_point: string; snapshot_name: string }>(
      `CREATE_REPLICATION_SLOT ${quoteIdentifier(slot)} LOGICAL pgoutput EXPORT_SNAPSHOT`,
    );
    const row = rows[0];
    if (row === undefined) throw new Error('CREATE_REPLICATION_SLOT gave no row');
    return {
      consistentPoint: row.consistent_point,
      snapshotName: row.snapshot_name,
      end: () => client.end(),
    };
  } catch (thrown) {
    await client.end().catch(() => undefined);
    throw classify(thrown, server.url, `creating replication slot ${slot}`);
  }
}
