import { pipeline, Transform } from 'node:stream';
import type { Readable, TransformCallback } from 'node:stream';

/** Lets bytes through and counts them. */
export class ByteMeter extends Transform {
  bytes = 0;
  readonly #onBytes: (bytes: number) => void;

  /** @param onBytes called with the length of each chunk */
  constructor(onBytes: (bytes: number) => void) {
    super();
    this.#onBytes = onBytes;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    this.bytes += chunk.length;
    this.#onBytes(chunk.length);
    callback(null, chunk);
  }
}

/** The stream, counted as it is read. Destroying either end destroys the other. */
export function metered(stream: Readable, onBytes: (bytes: number) => void): ByteMeter {
  // The error reaches whoever reads the meter; the callback is only there because pipeline wants one.
  return pipeline(stream, new ByteMeter(onBytes), () => undefined);
}
