import { Transform } from 'node:stream';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stoppedOnRequest } from '@tsmolt/core';
import type { TsmoltError } from '@tsmolt/core';

export interface MeasuredUpload {
  readonly data: Readable;
  readonly signal: AbortSignal;
  /** Stores the stream; must fail, and leave nothing, when the stream does. */
  readonly upload: (body: Readable, signal: AbortSignal) => Promise<unknown>;
  readonly explain: (thrown: unknown) => TsmoltError;
  /** Milliseconds that the store may take nothing of what is there, or not end when it has all, before it has failed. */
  readonly stallMs?: number;
}

/**
 * Runs an upload, counts its bytes, and tells whose fault a failure is: the caller's, who stopped it (`TSM1005`), that of
 * the source, whose error is passed on as it is, or that of the store.
 *
 * @returns the bytes stored
 */
export async function measuredUpload(options: MeasuredUpload): Promise<number> {
  const { data, signal, upload, explain, stallMs } = options;
  if (data.errored !== null) throw data.errored;
  // One of its own: the puts of a whole run would hang more listeners on theirs than Node.js takes for sound.
  const stalled = new AbortController();
  const stop = AbortSignal.any([signal, stalled.signal]);
  let bytes = 0;
  let sourceFailure: Error | undefined;
  const body = new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      bytes += chunk.length;
      done(null, chunk);
    },
  });
  // Whoever stores it may fail when the pipeline below has ended already: nobody else would listen then.
  body.on('error', () => undefined);
  data.once('error', (error) => {
    // Once the body is destroyed the source is destroyed with it: that error is not its own.
    if (!body.destroyed) sourceFailure = error;
  });
  data.once('close', () => {
    if (!data.readableEnded && !body.destroyed)
      sourceFailure ??= new Error('the data broke off before their end');
  });
  const watch = stallMs === undefined ? undefined : watchStalls(body, stalled, stallMs);
  const feeding = pipeline(data, body, { signal: stop });
  const storing = upload(body, stop).catch((thrown: unknown) => {
    body.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  });
  const [, stored] = await Promise.allSettled([feeding, storing]);
  clearInterval(watch);
  if (stored.status === 'fulfilled') return bytes;
  if (signal.aborted) throw stoppedOnRequest();
  throw sourceFailure ?? explain(stalled.signal.aborted ? stalled.signal.reason : stored.reason);
}

/** Not every SDK gives up on a service that takes a request and never answers. */
function watchStalls(body: Transform, stalled: AbortController, stallMs: number): NodeJS.Timeout {
  let since = performance.now();
  body.on('drain', () => (since = performance.now()));
  return setInterval(() => {
    // As long as the source is the slow one there is nothing to expect.
    if (!body.writableNeedDrain && !body.writableEnded) since = performance.now();
    if (performance.now() - since < stallMs) return;
    const message = `it took nothing for ${stallMs / 1000} s`;
    stalled.abort(Object.assign(new Error(message), { code: 'ETIMEDOUT' }));
  }, stallMs / 4);
}
