import { Transform } from 'node:stream';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ClientBase } from 'pg';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import type { CopyToStreamQuery } from 'pg-copy-streams';
import { stoppedOnRequest, TsmoltError, withRetry } from '@tsmolt/core';
import type { ConnectionUrl, ExportStream, LoadReceipt } from '@tsmolt/core';
import { classify } from './errors.js';
import { receiptExists, writeReceipt } from './fetch-status/receipts.js';
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
 * When `data` fails, the server is told to forget what it got; nothing is committed. With a receipt, a connection that is
 * lost while the server commits leaves no doubt: the receipt is looked for on another connection.
 * @returns the server's count of rows
 * @throws TsmoltError: that of `data`, or the target's own
 */
export function copyIn(options: CopyInOptions, data: Readable): Promise<number> {
  const { receipt, detour } = options;
  keepError(data);
  if (receipt !== undefined) return copyWithReceipt({ ...options, receipt }, data);
  const send = detour === undefined ? sendRows : sendRowsInTransaction;
  return options.pool.use(options.subject, (client) => send(client, options, data));
}

/** A stream may fail before anybody reads it, while a connection is waited for: who reads it then hears of that. */
export function keepError(data: Readable): void {
  data.on('error', () => undefined);
}

export interface CopyInOptions extends CopyOptions {
  readonly receipt?: LoadReceipt | undefined;
  readonly detour?: Detour | undefined;
}

/** Rows that are not copied to where they belong at once: what makes the place between, and what takes them on. */
export interface Detour {
  readonly before: string;
  /** Its count of rows is the result. */
  readonly after: string;
}

/** As `sendRows`, within a transaction. */
async function sendRowsBy(client: ClientBase, options: CopyInOptions, data: Readable): Promise<number> {
  const { detour } = options;
  if (detour === undefined) return sendRows(client, options, data);
  await client.query(detour.before);
  await sendRows(client, options, data);
  return (await client.query(detour.after)).rowCount ?? 0;
}

async function sendRowsInTransaction(
  client: ClientBase,
  options: CopyInOptions,
  data: Readable,
): Promise<number> {
  await client.query('BEGIN');
  const rows = await sendRowsBy(client, options, data);
  await commit(client, options);
  return rows;
}

async function sendRows(client: ClientBase, options: CopyOptions, data: Readable): Promise<number> {
  if (options.signal.aborted) {
    data.destroy();
    throw stoppedOnRequest();
  }
  const copy = client.query(copyFrom(options.sql, buffering));
  // What the server still says about a COPY that has failed already must not end the process.
  copy.on('error', () => undefined);
  const listening = breakWhenDeaf(client, options.signal);
  try {
    await pipeline(data, copy, { signal: options.signal });
  } catch (thrown) {
    // CopyDone is out: the server may have committed before the connection broke, so sending again could double rows.
    throw copy.writableEnded ? orUnknownOutcome(explain(thrown, options)) : explain(thrown, options);
  } finally {
    listening.stop();
  }
  return copy.rowCount;
}

/** How long a server has, in milliseconds, to hear that a COPY is given up. */
const deafMs = 2000;

/** A server that waits for a lock does not hear that the COPY is given up: its connection is broken then. */
function breakWhenDeaf(client: ClientBase, signal: AbortSignal): { readonly stop: () => void } {
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    // The driver's types do not know its connection.
    const { connection } = client as ClientBase & { readonly connection: { readonly stream: Duplex } };
    timer = setTimeout(() => connection.stream.destroy(), deafMs);
  };
  signal.addEventListener('abort', begin, { once: true });
  const stop = (): void => {
    signal.removeEventListener('abort', begin);
    clearTimeout(timer);
  };
  return { stop };
}

async function copyWithReceipt(
  options: CopyInOptions & { readonly receipt: LoadReceipt },
  data: Readable,
): Promise<number> {
  const { pool, subject, receipt } = options;
  let rows = 0;
  try {
    return await pool.use(subject, async (client) => {
      await client.query('BEGIN');
      await writeReceipt(client, receipt);
      rows = await sendRowsBy(client, options, data);
      if (receipt.rows !== undefined && receipt.rows !== rows) throw otherCount(subject, receipt.rows, rows);
      await commit(client, options);
      return rows;
    });
  } catch (thrown) {
    data.destroy();
    const lost = thrown instanceof TsmoltError && (thrown.code === 'TSM4007' || thrown.code === 'TSM2007');
    if (!lost || options.signal.aborted) throw thrown;
    if (await wasCommitted(options, thrown)) return rows;
    throw nothingCommitted(thrown);
  }
}

/** @throws TsmoltError `TSM4007` where the target cannot be asked: then the file must not be sent again by this process */
async function wasCommitted(
  { pool, subject, receipt }: CopyOptions & { readonly receipt: LoadReceipt },
  lost: TsmoltError,
): Promise<boolean> {
  try {
    return await withRetry(() => pool.use(subject, (client) => receiptExists(client, receipt)));
  } catch (thrown) {
    throw new TsmoltError('TSM4007', {
      message: `${lost.message}; the server may or may not have committed the rows, and could not be asked`,
      advice:
        'Continue the fetch by its id: what is committed is known then, and no row will be there twice.',
      cause: thrown,
    });
  }
}

async function commit(client: ClientBase, options: CopyOptions): Promise<void> {
  try {
    await client.query('COMMIT');
  } catch (thrown) {
    throw orUnknownOutcome(explain(thrown, options));
  }
}

function otherCount(subject: string, held: number, taken: number): TsmoltError {
  return new TsmoltError('TSM4004', {
    message: `${subject}: the file holds ${held} rows and the target took ${taken}; nothing was committed`,
    advice:
      'Look for triggers or rules on the target table that drop or add rows, and remove them for the load.',
  });
}

/** The receipt says that the rows are not there: the same rows may be sent again. */
function nothingCommitted(error: TsmoltError): TsmoltError {
  return new TsmoltError('TSM2007', { message: error.message, advice: error.advice, cause: error });
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
