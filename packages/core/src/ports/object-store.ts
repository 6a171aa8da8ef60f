import type { Readable } from 'node:stream';

/** Where intermediate files live. Keys are relative paths with forward slashes. */
export interface ObjectStore {
  /** For people: `local directory /var/tmp/molt`. Holds no secret. */
  readonly description: string;
  /**
   * Stores the stream under the key. The object is visible only when it is whole: a put that fails leaves nothing
   * that `get` or `list` would show.
   *
   * @returns the number of bytes stored
   */
  put(key: string, data: Readable, signal: AbortSignal): Promise<number>;
  get(key: string): Promise<Readable>;
  /** The keys that start with the prefix, in byte order. */
  list(prefix: string): Promise<string[]>;
  delete(key: string): Promise<void>;
}
