import { setTimeout as delay } from 'node:timers/promises';
import type { ClientBase } from 'pg';
import { Hlc } from '@tsmolt/core';
import type { ConnectionUrl, Table } from '@tsmolt/core';
import { classify, quoteLiteral, quoteTable } from '@tsmolt/pgwire';

/** A moment of the cluster, and whether it is the one of an earlier snapshot. */
export interface SnapshotTime {
  readonly at: Hlc;
  /** What tells this moment of this database from all others: cluster, database, timestamp. */
  readonly identity: string;
  readonly continues: boolean;
}

/** A node whose clock is behind refuses the moment of another as future for this long at most (`--max-offset`). */
const clockOffsetTries = 20;
const betweenTriesMs = 50;

/** The statement that makes a session read at a moment. Without placeholders: the clause takes constants only. */
export function beginAt(at: Hlc): string {
  return `BEGIN TRANSACTION AS OF SYSTEM TIME ${quoteLiteral(at.toString())}`;
}

/**
 * The moment of an earlier snapshot, where its rows are all still there, else the present one.
 *
 * @param resume the identity of the earlier snapshot
 */
export async function snapshotTime(
  client: ClientBase,
  tables: readonly Table[],
  { resume, url }: { readonly resume: string | undefined; readonly url: ConnectionUrl },
): Promise<SnapshotTime> {
  const place = await clusterAndDatabase(client, url);
  const earlier = resume === undefined ? undefined : momentOf(resume, place);
  if (earlier !== undefined && (await stillReadable(client, earlier, tables)))
    return { at: earlier, identity: `${place}/${earlier.toString()}`, continues: true };
  const at = await presentMoment(client);
  await readAt(client, at, tables);
  return { at, identity: `${place}/${at.toString()}`, continues: false };
}

async function clusterAndDatabase(client: ClientBase, url: ConnectionUrl): Promise<string> {
  const { rows } = await client.query<{ database: string }>('SELECT current_database() AS database');
  return `${await clusterId(client, url)}/${encodeURIComponent(rows[0]?.database ?? '')}`;
}

/** Clusters that keep their internals closed (`allow_unsafe_internals`) are told apart by where they are. */
async function clusterId(client: ClientBase, url: ConnectionUrl): Promise<string> {
  try {
    const { rows } = await client.query<{ cluster: string }>(
      'SELECT crdb_internal.cluster_id()::STRING AS cluster',
    );
    return rows[0]?.cluster ?? '';
  } catch (thrown) {
    if (classify(thrown, url, 'asking for the cluster').code === 'TSM2007') throw thrown;
    return `${url.host}:${url.port}`;
  }
}

function momentOf(identity: string, place: string): Hlc | undefined {
  const match = /^(.*)\/(\d+\.\d+)$/.exec(identity);
  return match?.[1] === place && match[2] !== undefined ? Hlc.parse(match[2]) : undefined;
}

/** In a SERIALIZABLE transaction whatever the role's default is: under READ COMMITTED there is no such timestamp. */
async function presentMoment(client: ClientBase): Promise<Hlc> {
  await client.query('BEGIN TRANSACTION ISOLATION LEVEL SERIALIZABLE');
  const { rows } = await client.query<{ now: string }>('SELECT cluster_logical_timestamp()::STRING AS now');
  await client.query('COMMIT');
  return Hlc.parse(rows[0]?.now ?? '');
}

async function stillReadable(client: ClientBase, at: Hlc, tables: readonly Table[]): Promise<boolean> {
  try {
    await readAt(client, at, tables);
    return true;
  } catch (thrown) {
    if (!isGarbageCollected(thrown) && !isMissing(thrown)) throw thrown;
    return false;
  }
}

/** Reads a row of each table: rows that are collected are refused only where somebody reads. */
async function readAt(client: ClientBase, at: Hlc, tables: readonly Table[]): Promise<void> {
  await begin(client, at);
  try {
    for (const { name } of tables) await client.query(`SELECT 1 FROM ${quoteTable(name)} LIMIT 1`);
  } finally {
    await client.query('ROLLBACK');
  }
}

async function begin(client: ClientBase, at: Hlc): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(beginAt(at));
      return;
    } catch (thrown) {
      const early = thrown instanceof Error && /timestamp in the future/.test(thrown.message);
      if (!early || attempt === clockOffsetTries) throw thrown;
      await delay(betweenTriesMs);
    }
  }
}

function isGarbageCollected(thrown: unknown): boolean {
  return thrown instanceof Error && /must be after replica GC threshold/.test(thrown.message);
}

/** A table that did not exist at that moment: the earlier snapshot had others. */
function isMissing(thrown: unknown): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === '42P01';
}
