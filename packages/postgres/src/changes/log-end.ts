import { DatabaseError } from 'pg';
import type { ClientBase } from 'pg';
import type { SessionPool } from '@tsmolt/pgwire';
import { positionNumber } from './log-position.js';
import { markQuery, serverQuery } from './queries.js';

/** Settings of the server, and where its log ends. */
export interface ServerRow {
  readonly wal_level: string;
  readonly in_recovery: boolean;
  readonly database: string;
  readonly log_end: string;
}

const insufficientPrivilege = '42501';

/**
 * A position that everything committed before this call lies before, and that the stream reaches even if nothing more is
 * ever written.
 *
 * The server's own functions promise only half of it. Up to the flush position lies what is durable, but a commit that
 * was not waited for (`synchronous_commit = off`) is visible before it is there. Up to the insert position lies
 * everything, but what a running transaction has written last may stay unflushed, and then unsent, for long. So a mark
 * is written and committed durably: what was committed before lies before it in the log, and it pushes all of that out.
 * It costs the source some hundred bytes of log and one transaction number; no replica and no other reader sees anything.
 *
 * A standby writes nothing: what is visible there lies before the position that it has replayed. Where the user may not
 * write a mark, the insert position has to do.
 */
export function markedEnd(pool: SessionPool): Promise<string> {
  return pool.use('asking for the position of the source', async (client) => {
    const { in_recovery, log_end } = await readServer(client);
    return in_recovery ? log_end : ((await writtenMark(client)) ?? (await readServer(client)).log_end);
  });
}

/** The end of this server's log, as a number. */
export function logEnd(pool: SessionPool): Promise<bigint> {
  return pool.use('asking for the position of the source', async (client) =>
    positionNumber((await readServer(client)).log_end),
  );
}

export async function readServer(client: ClientBase): Promise<ServerRow> {
  const { rows } = await client.query<ServerRow>(serverQuery);
  const [row] = rows;
  if (row === undefined) throw new Error('the server did not say where its log ends');
  return row;
}

async function writtenMark(client: ClientBase): Promise<string | undefined> {
  try {
    await client.query('BEGIN; SET LOCAL synchronous_commit = local');
    const { rows } = await client.query<{ position: string }>(markQuery);
    await client.query('COMMIT');
    return rows[0]?.position;
  } catch (thrown) {
    if (!(thrown instanceof DatabaseError) || thrown.code !== insufficientPrivilege) throw thrown;
    await client.query('ROLLBACK');
    return undefined;
  }
}
