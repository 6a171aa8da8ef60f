import type { ConnectionUrl } from '../secret.js';
import type { TableName } from '../names.js';
import type { Logger } from '../log.js';
import type { ApplyTarget } from './apply-target.js';
import type { BulkTarget } from './bulk-target.js';
import type { FetchStatus } from './fetch-status.js';
import type { Catalog } from './catalog.js';
import type { ChangeLog, ChangeOptions, ChangeSource } from './change-source.js';
import type { RowHasher } from './row-hasher.js';
import type { RowRepairer } from './row-repairer.js';
import type { RowVerifier } from './row-verifier.js';
import type { SnapshotOptions, SnapshotSource } from './snapshot-source.js';
import type { DeadLetters, StagingStore } from './staging-store.js';

export interface OpenOptions {
  /** `--allow-tls-mode-disable`: without it no byte leaves this machine unencrypted. */
  readonly allowUnencrypted: boolean;
  /** Shown in the server's list of sessions, so that a DBA sees who is there. */
  readonly applicationName: string;
  /** Connections that may be open at the same time. */
  readonly maxConnections: number;
  readonly logger: Logger;
}

export interface StagingOptions {
  /** `schema` or `database.schema` (`--stagingSchema`). */
  readonly schema: string;
  /** Create it where it does not exist (`--stagingCreateSchema`). */
  readonly create: boolean;
  /** The target whose transactions the store should take part in, where it can. */
  readonly target: ApplyTarget;
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
  /** Makes single rows what they should be. */
  readonly rowRepairer?: RowRepairer;
  readonly bulkTarget?: BulkTarget;
  /** The memory of fetches into this database, in tables of its own. */
  readonly fetchStatus?: FetchStatus;
  readonly openSnapshot?: (options: SnapshotOptions) => Promise<SnapshotSource>;
  /** Where the database has come to, for those who do not read its changes. */
  readonly changeLog?: ChangeLog;
  readonly openChanges?: (options: ChangeOptions) => Promise<ChangeSource>;
  readonly applyTarget?: ApplyTarget;
  readonly openStaging?: (options: StagingOptions) => Promise<StagingStore>;
  /** The table of dead letters; it is created with the first of them. */
  readonly deadLetters?: (table: TableName) => DeadLetters;
  /** Ends every connection that was opened through this object. Safe to call twice. */
  close(): Promise<void>;
}
