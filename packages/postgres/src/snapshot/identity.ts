import type { ClientBase } from 'pg';

/** Transactions beyond which nobody wants to know each one's fate: the source has moved on. */
const mostTransactions = 10_000;

/** Which server, and what the snapshot of the connection's transaction sees: `7312...:1000:1002:1001`. */
export async function snapshotIdentity(client: ClientBase): Promise<string> {
  const { rows } = await client.query<{ identity: string }>(
    `SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()) || '/' || current_database() || '/' ||
      pg_catalog.txid_current_snapshot() AS identity`,
  );
  return rows[0]?.identity ?? '';
}

/**
 * Whether the snapshot of the connection's transaction shows exactly the rows of an earlier one: the same server, and no
 * transaction that the earlier one did not see has been committed since. (Source: PostgreSQL manual, "Transaction ID and
 * Snapshot Information Functions": a snapshot is `xmin:xmax:xip_list`.)
 */
export async function showsSameRows(client: ClientBase, earlier: string, now: string): Promise<boolean> {
  const [before, after] = [parse(earlier), parse(now)];
  if (before === undefined || after === undefined || before.place !== after.place) return false;
  const candidates = unseen(before, after.xmax);
  if (candidates === undefined) return false;
  const { rows } = await client.query<{ visible: boolean }>(
    `SELECT EXISTS (SELECT FROM unnest($1::int8[]) AS t(xid)
      WHERE pg_catalog.txid_visible_in_snapshot(xid, pg_catalog.txid_current_snapshot())
        AND pg_catalog.txid_status(xid) IS DISTINCT FROM 'aborted') AS visible`,
    [candidates.map(String)],
  );
  return rows[0]?.visible === false;
}

interface ParsedIdentity {
  /** Server and database. */
  readonly place: string;
  readonly xmax: bigint;
  readonly running: readonly bigint[];
}

function parse(identity: string): ParsedIdentity | undefined {
  const match = /^(.*)\/\d+:(\d+):([\d,]*)$/s.exec(identity);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const running = (match[3] ?? '').split(',').filter((xid) => xid !== '');
  return { place: match[1], xmax: BigInt(match[2]), running: running.map(BigInt) };
}

/** Transactions that the earlier snapshot does not see and the later one may. */
function unseen(before: ParsedIdentity, xmaxNow: bigint): bigint[] | undefined {
  const newer = Number(xmaxNow - before.xmax);
  if (newer < 0 || newer > mostTransactions) return undefined;
  return [...before.running, ...Array.from({ length: newer }, (_, index) => before.xmax + BigInt(index))];
}
