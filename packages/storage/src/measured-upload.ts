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
}

/**
 * Runs an upload, counts its bytes, and tells whose fault a failure is: the caller's, who stopped it (`TSM1005`), that of
 * the source, whose error is passed on as it is, or that of the store.
 *
 * @returns the bytes stored
 */
export async function measuredUpload({ data, signal, upload, explain }: MeasuredUpload): Promise<number> {
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
  if (data.errored !== null) throw data.errored;
  data.once('error', (error) => {
    // Once the body is destroyed the source is destroyed with it: that error is not its own.
    if (!body.destroyed) sourceFailure = error;
  });
  // One of its own: the puts of a whole run would hang more listeners on theirs than Node.js takes for sound.
  const stop = AbortSignal.any([signal]);
  const feeding = pipeline(data, body, { signal: stop });
  const storing = upload(body, stop).catch((thrown: unknown) => {
    body.destroy(thrown instanceof Error ? thrown : new Error(String(thrown)));
    throw thrown;
  });
  const [, stored] = await Promise.allSettled([feeding, storing]);
  if (stored.status === 'fulfilled') return bytes;
  if (signal.aborted) throw stoppedOnRequest();
  throw sourceFailure ?? explain(stored.reason);
}
