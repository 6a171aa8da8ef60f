import type { ConnectionUrl } from '../secret.js';
import type { Logger } from '../log.js';
import type { BulkTarget } from './bulk-target.js';
import type { FetchStatus } from './fetch-status.js';
import type { Catalog } from './catalog.js';
import type { RowHasher } from './row-hasher.js';
import type { RowVerifier } from './row-verifier.js';
import type { SnapshotOptions, SnapshotSource } from './snapshot-source.js';

export interface OpenOptions {
  /** `--allow-tls-mode-disable`: without it no byte leaves this machine unencrypted. */
  readonly allowUnencrypted: boolean;
  /** Shown in the server's list of sessions, so that a DBA sees who is there. */
  readonly applicationName: string;
  /** Connections that may be open at the same time. */
  readonly maxConnections: number;
  readonly logger: Logger;
}

/**
 * One database on one server, and the parts that its adapter can offer.
 *
 * A part that is missing is a capability that is missing: a tool asks for it and says so, it never asks for the engine.
 */
export interface Database {
  readonly url: ConnectionUrl;
  /** For people and logs (`PostgreSQL 18.0`). Never branch on it. */
  readonly product: string;
  readonly catalog: Catalog;
  readonly rowHasher?: RowHasher;
  /** Compares rows, outside of any snapshot. */
  readonly rowVerifier?: RowVerifier;
  readonly bulkTarget?: BulkTarget;
  /** The memory of fetches into this database, in tables of its own. */
  readonly fetchStatus?: FetchStatus;
  readonly openSnapshot?: (options: SnapshotOptions) => Promise<SnapshotSource>;
  /** Ends every connection that was opened through this object. Safe to call twice. */
  close(): Promise<void>;
}
