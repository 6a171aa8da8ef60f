import { finished, PassThrough } from 'node:stream';
import type { Readable } from 'node:stream';
import { stoppedOnRequest } from '@tsmolt/core';
import type { TsmoltError } from '@tsmolt/core';

export interface DownloadOptions {
  readonly signal: AbortSignal | undefined;
  readonly explain: (thrown: unknown) => TsmoltError;
  /** Milliseconds without a byte, while the reader waits for one, after which the download has failed. */
  readonly stallMs?: number;
}

/** The body of an answer as a stream whose errors are `TsmoltError`s. Destroying it ends the connection. */
export function download(body: Readable, { signal, explain, stallMs }: DownloadOptions): Readable {
  const out = new PassThrough({ highWaterMark: 256 * 1024 });
  // It may fail before its reader has begun to listen; whoever reads it then gets the error all the same.
  out.on('error', () => undefined);
  const stopping = signal && AbortSignal.any([signal]);
  const stop = (): void => {
    out.destroy(stoppedOnRequest());
  };
  finished(body, { writable: false }, (error) => {
    if (error) out.destroy(explain(error));
  });
  out.once('close', () => {
    stopping?.removeEventListener('abort', stop);
    body.destroy();
  });
  if (stopping?.aborted) stop();
  else stopping?.addEventListener('abort', stop, { once: true });
  body.pipe(out);
  if (stallMs !== undefined) endWhenStalled(body, out, () => out.destroy(explain(stalled(stallMs))), stallMs);
  return out;
}

/** Not every client notices that its connection is gone: node-fetch 2 waits for the rest of a body for ever. */
function endWhenStalled(body: Readable, out: PassThrough, end: () => void, stallMs: number): void {
  let timer: NodeJS.Timeout | undefined;
  const watch = (): void => {
    clearTimeout(timer);
    // While the reader is the slow one there is nothing to expect.
    timer = out.writableNeedDrain ? undefined : setTimeout(end, stallMs);
  };
  body.on('data', watch);
  out.on('drain', watch);
  const rest = (): void => clearTimeout(timer);
  body.once('end', rest);
  out.once('close', rest);
  watch();
}

function stalled(stallMs: number): Error {
  return Object.assign(new Error(`no byte came for ${stallMs / 1000} s`), { code: 'ETIMEDOUT' });
}
