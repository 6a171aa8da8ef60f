import type { MysqlSessionPool } from '../connect/session-pool.js';
import type { MysqlSession } from '../connect/session.js';
import { serverErrorNumber } from '../errors.js';

/** "Query execution was interrupted". */
const interrupted = 1317;

/**
 * Ends the statement that a session is running and keeps the session, because its snapshot cannot be had again.
 *
 * @param statementEnd resolves when the statement has ended, with its error if it had one
 * @throws the driver's error when the connection is gone
 */
export async function stopStatement(
  session: MysqlSession,
  outside: MysqlSessionPool,
  statementEnd: Promise<Error | undefined>,
): Promise<void> {
  const { threadId } = session.raw;
  // Where the server refuses it, its rows are read and thrown away to the end.
  await outside
    .use('stopping an export', (other) => other.query(`KILL QUERY ${threadId}`))
    .catch(() => undefined);
  const thrown = await statementEnd;
  if (thrown !== undefined && serverErrorNumber(thrown) === undefined) throw thrown;
  await swallowInterruption(session);
}

/** A statement that had ended by itself leaves the interruption for the next one. */
async function swallowInterruption(session: MysqlSession): Promise<void> {
  for (;;) {
    try {
      await session.query('DO 0');
      return;
    } catch (thrown) {
      if (serverErrorNumber(thrown) !== interrupted) throw thrown;
    }
  }
}
