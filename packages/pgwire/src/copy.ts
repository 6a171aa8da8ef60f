import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { CopyToStreamQuery } from 'pg-copy-streams';
import { stoppedOnRequest, TsmoltError } from '@tsmolt/core';
import type { ConnectionUrl, ExportStream } from '@tsmolt/core';
import { classify } from './errors.js';
import type { SessionPool } from './session-pool.js';

export interface CopyOptions {
  readonly pool: SessionPool;
  readonly url: ConnectionUrl;
  /** `COPY (...) TO STDOUT ...` or `COPY ... FROM STDIN ...` */
  readonly sql: string;
  /** What is being done, for the error. */
  readonly subject: string;
  readonly signal: AbortSignal;
}

/**
 * What may lie between two servers, for each stage of a copy: enough that neither waits for each chunk of the other, and
 * little beside the rows of a batch.
 */
const buffering = { highWaterMark: 256 * 1024 };

/** What one copy may hold: the stages above, the socket's own buffer, and the chunk that is on its way between them. */
export const copyBufferBytes = 4 * buffering.highWaterMark;

/**
 * Starts a COPY TO STDOUT and hands its bytes on as they come, with backpressure down to the socket.
 *
 * The stream ends only after the server has said that the statement is complete, so that `rows()` is its word. The
 * connection goes back to the pool then, and is thrown away when the stream is destroyed before.
 */
export async function copyOut(options: CopyOptions): Promise<ExportStream> {
  const lease = await options.pool.lease(options.subject);
  if (options.signal.aborted) {
    lease.release();
    throw stoppedOnRequest();
  }
  const copy = lease.client.query(copyTo(options.sql, buffering));
  const complete = serverComplete(copy);
  const stream = new Transform({
    ...buffering,
    transform: (chunk, _encoding, callback) => callback(null, chunk),
    flush: (callback) => void complete.then(() => callback(), callback),
  });
  // Before pipeline does: the reader is to see the classified error, not the driver's.
  copy.on('error', (thrown) => stream.destroy(explain(thrown, options)));
  const stop = (): void => void stream.destroy(stoppedOnRequest());
  options.signal.addEventListener('abort', stop, { once: true });
  pipeline(copy, stream)
    .then(
      () => lease.release(),
      () => lease.destroy(),
    )
    .finally(() => options.signal.removeEventListener('abort', stop));
  return { stream, rows: () => copy.rowCount };
}

/**
 * Runs one COPY FROM STDIN as a transaction of its own.
 *
 * When `data` fails, the server is told to forget what it got; nothing is committed.
 * @returns the server's count of rows
 * @throws TsmoltError: that of `data`, or the target's own
 */
export async function copyIn(options: CopyOptions, data: Readable): Promise<number> {
  return options.pool.use(options.subject, async (client) => {
    const copy = client.query(copyFrom(options.sql, buffering));
    // What the server still says about a COPY that has failed already must not end the process.
    copy.on('error', () => undefined);
    try {
      await pipeline(data, copy, { signal: options.signal });
    } catch (thrown) {
      // CopyDone is out: the server may have committed before the connection broke, so sending again could double rows.
      throw copy.writableEnded ? orUnknownOutcome(explain(thrown, options)) : explain(thrown, options);
    }
    return copy.rowCount;
  });
}

/** Resolves at ReadyForQuery: pg-copy-streams ends its stream at CopyDone, before the server's row count has come. */
function serverComplete(copy: CopyToStreamQuery): Promise<void> {
  const complete = new Promise<void>((resolve, reject) => {
    Object.assign(copy, { handleReadyForQuery: resolve });
    copy.on('error', reject);
  });
  complete.catch(() => undefined);
  return complete;
}

function explain(thrown: unknown, options: CopyOptions): TsmoltError {
  return options.signal.aborted ? stoppedOnRequest() : classify(thrown, options.url, options.subject);
}

function orUnknownOutcome(error: TsmoltError): TsmoltError {
  if (error.code !== 'TSM2007') return error;
  return new TsmoltError('TSM4007', {
    message: `${error.message}; the server may or may not have committed the rows`,
    advice: 'Run again with --table-handling truncate-if-exists, so that no row can be there twice.',
    cause: error,
  });
}
