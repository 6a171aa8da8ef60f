import { TsmoltError } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import { readServer } from './log-end.js';
import { positionNumber, printPosition } from './log-position.js';
import { advanceSlotQuery, slotQuery } from './queries.js';

/** `pg_replication_slots`, with what only later versions have. */
interface SlotColumns {
  readonly plugin: string | null;
  readonly slot_type: string;
  readonly database: string | null;
  readonly active_pid: number | null;
  readonly confirmed_flush_lsn: string | null;
  readonly restart_lsn: string | null;
  readonly wal_status?: string | null;
  readonly safe_wal_size?: number | null;
  readonly two_phase?: boolean;
  readonly conflicting?: boolean | null;
  readonly invalidation_reason?: string | null;
}

/** Who reads a slot now. */
export interface SlotReader {
  readonly processId: number;
  /** What it calls itself. */
  readonly application: string;
  /** What `Walsender.session` said there; without what follows the `/` where it is another user's. */
  readonly session: string;
  /** After which silence the server ends it: `wal_sender_timeout`. */
  readonly timeout: string;
}

export interface Slot {
  readonly name: string;
  /** Everything before it is forgotten. */
  readonly confirmed: bigint;
  readonly reader?: SlotReader;
}

interface SlotRow {
  readonly slot: SlotColumns;
  readonly reader: string | null;
  readonly session: string;
  readonly reader_timeout: string;
  readonly bytes_kept: string | null;
}

/**
 * @throws TsmoltError `TSM5005` when changes cannot be read from the slot, `TSM5006` when they would come in a form that
 *   cannot be replicated
 */
export async function readSlot(pool: SessionPool, name: string): Promise<Slot> {
  const row = await lookUpSlot(pool, name);
  const { slot, database } = row;
  refuseOtherKind(name, slot, database);
  refuseInvalid(name, slot);
  const confirmed = positionNumber(slot.confirmed_flush_lsn ?? '0/0');
  const reader = readerOf(row);
  return { name, confirmed, ...(reader === undefined ? {} : { reader }) };
}

function readerOf({ slot, reader, session, reader_timeout: timeout }: SlotRow): SlotReader | undefined {
  const { active_pid: processId } = slot;
  return processId === null ? undefined : { processId, application: reader ?? '', session, timeout };
}

/** The log that the slot keeps. `state` is the server's `wal_status`, which came with version 13. */
export async function retainedBy(
  pool: SessionPool,
  name: string,
): Promise<{ readonly bytes: number; readonly limit?: number; readonly state: string }> {
  const { slot, bytes_kept } = await lookUpSlot(pool, name);
  const bytes = Number(bytes_kept ?? 0);
  // What may still be written before the slot is lost; nothing bounds it where max_slot_wal_keep_size is not set.
  const limit = typeof slot.safe_wal_size === 'number' ? { limit: bytes + slot.safe_wal_size } : {};
  return { bytes, state: slot.wal_status ?? 'unknown', ...limit };
}

async function lookUpSlot(pool: SessionPool, name: string): Promise<SlotRow & { readonly database: string }> {
  const [row, database] = await pool.use(`reading replication slot ${name}`, async (client) => {
    const server = await readServer(client);
    const { rows } = await client.query<SlotRow>(slotQuery, [name]);
    return [rows[0], server.database] as const;
  });
  if (row === undefined) throw missing(name, database);
  return { ...row, database };
}

function missing(name: string, database: string): TsmoltError {
  return new TsmoltError('TSM5005', {
    message: `there is no replication slot ${name} on the source`,
    advice:
      `Fetch with --pglogical-replication-slot-name ${name} makes it together with its snapshot; ` +
      `SELECT pg_create_logical_replication_slot('${name}', 'pgoutput') in database ${database} makes one that begins now.`,
  });
}

function refuseOtherKind(name: string, slot: SlotColumns, database: string): void {
  if (slot.slot_type !== 'logical' || slot.plugin !== 'pgoutput') {
    throw new TsmoltError('TSM5005', {
      message: `replication slot ${name} is ${slot.slot_type === 'logical' ? `of plugin ${slot.plugin ?? ''}` : 'a physical one'}, and pgoutput is needed`,
      advice: 'Name another slot, or create one with the plugin pgoutput.',
    });
  }
  if (slot.database !== database) {
    throw new TsmoltError('TSM5005', {
      message: `replication slot ${name} belongs to database ${slot.database ?? ''}, and the connection string names ${database}`,
      advice: 'Name the database in which the slot was created, or another slot.',
    });
  }
  if (slot.two_phase === true) {
    throw new TsmoltError('TSM5006', {
      message: `replication slot ${name} was created with two_phase: it gives out prepared transactions before they are committed`,
      advice:
        'Create a slot without two_phase, and fetch again from its snapshot. From version 18 on ALTER_REPLICATION_SLOT ' +
        'can turn it off.',
    });
  }
}

function refuseInvalid(name: string, slot: SlotColumns): void {
  const lost = slot.wal_status === 'lost' || slot.conflicting === true || slot.confirmed_flush_lsn === null;
  const reason = slot.invalidation_reason ?? (lost ? 'the server has removed log that it needs' : undefined);
  if (reason === undefined) return;
  throw new TsmoltError('TSM5005', {
    message: `replication slot ${name} has been invalidated: ${reason}; changes are missing, and cannot be had any more`,
    advice:
      'Drop the slot, raise max_slot_wal_keep_size (or idle_replication_slot_timeout) on the source so that it lives as ' +
      'long as an interruption may last, and fetch again.',
  });
}

/** Acknowledges where no stream runs any more. */
export async function advanceSlot(pool: SessionPool, name: string, position: string): Promise<void> {
  await pool.use(`acknowledging to replication slot ${name}`, (client) =>
    client.query(advanceSlotQuery, [name, position]),
  );
}

/** The server would begin where it can, without a word. @throws TsmoltError `TSM5005` */
export function refuseForgotten({ name, confirmed }: Slot, from: bigint): void {
  if (from >= confirmed) return;
  throw new TsmoltError('TSM5005', {
    message: `replication slot ${name} has moved on to ${printPosition(confirmed)}: changes since ${printPosition(from)} are missing`,
    advice:
      'Another process has read and acknowledged the slot, or the checkpoint is an old one. Fetch again with a new slot; ' +
      'a slot serves one replication only.',
  });
}

/** The server would wait until its log gets there. @throws TsmoltError `TSM5005` */
export function refuseBeyond(end: bigint, from: bigint): void {
  if (from <= end) return;
  throw new TsmoltError('TSM5005', {
    message: `the log of the source ends at ${printPosition(end)}, before the position ${printPosition(from)}`,
    advice:
      'It is another server, or was restored or failed over to a state before that position: what the target has may not ' +
      'be on the source any more. Verify, and fetch again what differs.',
  });
}
