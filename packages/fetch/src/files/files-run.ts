import type { FetchStatus, RunRecord, SnapshotSource, TablePair, TableRecord } from '@tsmolt/core';
import type { Worker } from '../continuation/worker.js';
import type { FetchOptions, FilesRoute } from '../options.js';
import type { Substitutions } from '../substitutions.js';

/** What everything that works on a fetch through files shares. */
export interface FilesRun {
  readonly options: FetchOptions;
  readonly route: FilesRoute;
  readonly status: FetchStatus;
  readonly worker: Worker;
  readonly record: RunRecord;
  readonly substitutions: Substitutions;
}

/** A table of the run. */
export interface FilesTable {
  readonly record: TableRecord;
  readonly pair: TablePair;
  /** Rows point at rows of the same table: COPY has to load them in one transaction. */
  readonly refersToItself: boolean;
}

/** Where the rows of a run come from, and what replication starts from. */
export interface RunSource {
  readonly cursor: string;
  /** Unset where every table has been exported already. */
  readonly snapshot?: SnapshotSource;
}
