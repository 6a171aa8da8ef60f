import type { Readable } from 'node:stream';
import type { Secret } from '../secret.js';

/** Where intermediate files live. Keys are relative paths with forward slashes. */
export interface ObjectStore {
  /** For people: `local directory /var/tmp/molt`, `s3://bucket/path`. Holds no secret. */
  readonly description: string;
  /** Bytes of memory that one `put` may hold at a time. */
  readonly bufferBytes: number;
  /**
   * Stores the stream under the key. The object is visible only when it is whole: a put that fails leaves nothing
   * that `get` or `list` would show.
   *
   * @returns the number of bytes stored
   * @throws TsmoltError of kind `retry` when the service failed in a way that may pass (`TSM6003`)
   */
  put(key: string, data: Readable, signal: AbortSignal): Promise<number>;
  /** @throws TsmoltError `TSM6002` when there is no such object */
  get(key: string, signal?: AbortSignal): Promise<Readable>;
  /** The keys that start with the prefix, in byte order. */
  list(prefix: string): Promise<string[]>;
  /** Deletes the object; it is no error when there is none. */
  delete(key: string): Promise<void>;
  /**
   * The URL that a database server reads the object from: CockroachDB's form (`s3://...?AUTH=...`, manual "Use Cloud
   * Storage"). A secret, because it may carry credentials.
   *
   * @throws TsmoltError `TSM1001` when no server can reach the store (a directory that is not served)
   */
  serverUrl(key: string): Secret;
  /** Ends what was opened for the store: connections, the HTTP server of a directory. Safe to call twice. */
  close(): Promise<void>;
}
