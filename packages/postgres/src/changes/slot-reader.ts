import { setTimeout as delay } from 'node:timers/promises';
import { asTsmoltError, TsmoltError } from '@tsmolt/core';
import type { RememberedReader } from '@tsmolt/core';
import type { SessionPool } from '@tsmolt/pgwire';
import { activeReaderQuery, endReaderQuery, terminateReaderQuery } from './queries.js';
import { readSlot } from './slot.js';
import type { SlotReader } from './slot.js';

/** How long an earlier reader may take to go. */
const readerPatienceMs = 5000;
const askAgainMs = 100;

/** So long the session of a process that was killed may take to end by itself; then it is ended, as often. */
const endEveryMs = 500;
/** How long one may take that is ended. Whoever opens the stream tries again. */
const endPatienceMs = 2000;

/**
 * Waits a little for a reader that has just been killed. One that is remembered as this stream's is ended: its process was
 * frozen or cut off, and has lost the lease where it is another one; the server would keep it for up to `wal_sender_timeout`.
 * Any other reader is somebody else's, and is left alone.
 *
 * @returns warnings: who was ended
 * @throws TsmoltError `TSM5005` when another one stays, `TSM5007` of kind `retry` when the remembered one does
 */
export async function untilUnread(
  pool: SessionPool,
  name: string,
  remembered: RememberedReader | undefined,
): Promise<readonly string[]> {
  const begun = performance.now();
  let reader = (await readSlot(pool, name)).reader;
  if (reader === undefined) return [];
  const former = (await remembered?.load()) ?? '';
  const ending = new Ending(pool, name, former);
  for (; reader !== undefined; reader = (await readSlot(pool, name)).reader) {
    const waited = performance.now() - begun;
    const isFormer = isSession(reader, former);
    if (isFormer && waited > endPatienceMs) throw stillRead(name, reader, ending.refusal);
    if (waited > readerPatienceMs) throw readBy(name, reader);
    if (isFormer && waited > endEveryMs * (ending.times + 1)) await ending.end(reader);
    await delay(askAgainMs);
  }
  return [...ending.warnings];
}

/** Of another user's session no more than the number of its process is shown. */
function isSession({ session }: SlotReader, former: string): boolean {
  return session.endsWith('/') ? former.startsWith(session) : former === session;
}

/** Ends a session that reads a slot. Once is not enough where it waits to send its last words. */
class Ending {
  readonly warnings = new Set<string>();
  times = 0;
  /** Why it was not done. */
  refusal = 'it is of another user';
  readonly #pool: SessionPool;
  readonly #name: string;
  readonly #session: string;

  constructor(pool: SessionPool, name: string, session: string) {
    this.#pool = pool;
    this.#name = name;
    this.#session = session;
  }

  async end({ processId }: SlotReader): Promise<void> {
    const name = this.#name;
    this.times += 1;
    try {
      const { rowCount } = await this.#pool.use(`ending the session that reads slot ${name}`, (client) =>
        client.query(endReaderQuery, [name, this.#session]),
      );
      if (rowCount !== 1) return;
      this.refusal = 'it has been told to end';
      this.warnings.add(
        `replication slot ${name} was still read by process ${processId} of the source, ${earlier}: the session was ended`,
      );
    } catch (thrown) {
      // It ends by itself, though later.
      this.refusal = asTsmoltError(thrown).message;
    }
  }
}

/** Of this process or of another one. */
const earlier = 'for an earlier connection of this stream';

function stillRead(name: string, { processId, timeout }: SlotReader, refusal: string): TsmoltError {
  const end =
    timeout === '0'
      ? 'never, for wal_sender_timeout is 0'
      : `after wal_sender_timeout (${timeout}) without a word from there`;
  return new TsmoltError('TSM5007', {
    message:
      `replication slot ${name} is still read by process ${processId} of the source, ${earlier}: ` +
      `the source ends the session ${end}; here it cannot be ended (${refusal})`,
    advice: `It is waited for. SELECT pg_terminate_backend(${processId}) as its user, or as a superuser, ends it at once.`,
  });
}

function readBy(name: string, { processId, application }: SlotReader): TsmoltError {
  return new TsmoltError('TSM5005', {
    message: `replication slot ${name} is read by process ${processId} of the source (application "${application}")`,
    advice:
      'Stop the other replication, or name another slot. If its process is gone, the server has not noticed yet: ' +
      `SELECT pg_terminate_backend(${processId}) ends the session.`,
  });
}

/** Waits until a session of ours has let go of the slot, and has it ended where it does not hear. */
export async function waitUntilFree(pool: SessionPool, name: string, processId: number): Promise<void> {
  const begun = performance.now();
  await pool.use(`leaving replication slot ${name}`, async (client) => {
    let told = false;
    for (;;) {
      const { rowCount } = await client.query(activeReaderQuery, [name, processId]);
      const waited = performance.now() - begun;
      if (rowCount === 0 || waited > 2 * readerPatienceMs) return;
      if (waited > readerPatienceMs && !told) {
        told = true;
        await client.query(terminateReaderQuery, [name, processId]);
      }
      await delay(askAgainMs / 5);
    }
  });
}
