import type { TableName } from '../names.js';

/**
 * What a fetch remembers, in tables on the target, so that another process can go on where this one was killed.
 *
 * The units of work are ranges (exported whole or not at all) and files (loaded whole or not at all). Each unit is claimed
 * by one worker at a time; a claim is worth nothing when its worker has not been heard of for `leaseMs`.
 *
 * Guarantees: what a resolved promise of this port wrote survives a crash of every process; a unit that is done stays
 * done; a worker that lost its claim cannot finish the unit.
 */
export interface FetchStatus {
  /** False for one that ends with its process: then nothing can be continued. */
  readonly durable: boolean;
  /** Creates the tables where they are missing. @throws TsmoltError `TSM3001` without the privilege */
  prepare(): Promise<void>;
  createRun(run: NewRun): Promise<void>;
  /** Undefined when the tables, or the run in them, do not exist. */
  findRun(fetchId: string): Promise<RunRecord | undefined>;
  /** Changes what is given and leaves the rest. */
  updateRun(
    fetchId: string,
    change: Partial<Pick<RunRecord, 'state' | 'snapshot' | 'cursor'>>,
  ): Promise<void>;
  /** Forgets tables, ranges and files of the run: it starts again. */
  clearRun(fetchId: string): Promise<void>;

  addTables(fetchId: string, tables: readonly TableRecord[]): Promise<void>;
  tables(fetchId: string): Promise<TableRecord[]>;
  updateTable(fetchId: string, table: number, change: Partial<Pick<TableRecord, 'state'>>): Promise<void>;

  addRanges(fetchId: string, table: number, ranges: readonly PlannedRange[]): Promise<void>;
  /** Ordered by shard and number. */
  ranges(fetchId: string, table: number): Promise<RangeRecord[]>;
  /** False when it is done already or a living worker has it. */
  claimRange(range: RangeKey, worker: string): Promise<boolean>;
  /** Records the files of a range and that it is exported, together. @throws TsmoltError `TSM4010` when the claim was lost */
  finishRange(range: RangeKey, worker: string, files: readonly ExportedFile[]): Promise<void>;

  /** Files of plain listings and manifests, which no range of ours produced. */
  addFiles(fetchId: string, table: number, files: readonly ExportedFile[]): Promise<void>;
  /** Ordered by shard and part. */
  files(fetchId: string, table: number): Promise<FileRecord[]>;
  /** Those of the files that this worker has now: none that is loaded or that a living worker has. */
  claimFiles(files: readonly FileKey[], worker: string): Promise<FileKey[]>;
  /** Notes the server's job that loads the files. */
  noteJob(files: readonly FileKey[], worker: string, job: string): Promise<void>;
  /** For loads by jobs; loads by COPY leave a receipt (`CopyRequest.receipt`). @throws TsmoltError `TSM4010` when a claim was lost */
  markLoaded(files: readonly FileKey[], worker: string): Promise<void>;
  /** Gives claimed files back: their load failed and left nothing. */
  releaseFiles(files: readonly FileKey[], worker: string): Promise<void>;

  /** Says that the worker lives, for `leaseMs` from now. */
  renewWorker(fetchId: string, worker: string, leaseMs: number): Promise<void>;
  /** Says that the worker has ended: its claims are free at once. */
  endWorker(fetchId: string, worker: string): Promise<void>;
  /** Whether a worker other than this one is alive. */
  othersAlive(fetchId: string, worker: string): Promise<boolean>;

  /** Tables of unfinished runs, latest run first: MOLT's continuation tokens. Empty where nothing was ever fetched. */
  tokens(limit: number): Promise<ContinuationToken[]>;
}

export interface NewRun {
  readonly fetchId: string;
  /** The source's connection string without its secrets. */
  readonly source: string;
  /** The description of the object store. */
  readonly storage: string;
  /** How its files are written. */
  readonly files: FileSettings;
}

export interface FileSettings {
  readonly compression: 'gzip' | 'none';
}

/** `preparing` until the target's tables are ready, then `running`. */
export type RunState = 'preparing' | 'running' | 'complete';

export interface RunRecord extends NewRun {
  readonly state: RunState;
  /** The snapshot's identity (`SnapshotSource.identity`). */
  readonly snapshot: string;
  readonly cursor: string;
  readonly startedAt: Date;
}

export interface TableRecord {
  /** 1-based, in the order of the plan. */
  readonly number: number;
  readonly source: TableName;
  readonly target: TableName;
  /** Pairs of column names, in the order of the fields of a row. */
  readonly columns: readonly { readonly source: string; readonly target: string }[];
  readonly format: 'csv' | 'csv-marked-null';
  /** Which rows are exported, as a condition in the source's own SQL. */
  readonly filter?: string;
  /** MOLT's continuation token: a UUID. */
  readonly token: string;
  readonly state: 'planned' | 'exported' | 'loaded';
  /** Rows that the target held before the load. */
  readonly rowsBefore: bigint;
}

export interface PlannedRange {
  readonly shard: number;
  /** 1-based, within the shard. */
  readonly number: number;
  readonly condition: string;
}

export interface RangeKey {
  readonly fetchId: string;
  readonly table: number;
  readonly shard: number;
  readonly number: number;
}

export interface RangeRecord extends PlannedRange {
  readonly state: 'planned' | 'exported';
}

export interface FileKey {
  readonly fetchId: string;
  readonly table: number;
  readonly shard: number;
  /** 1-based, within the shard: as in the file's name. */
  readonly part: number;
}

export interface ExportedFile {
  readonly shard: number;
  readonly part: number;
  /** The range that it belongs to; 0 where there was none. */
  readonly range: number;
  /** Key in the object store. */
  readonly name: string;
  /** Unset where nobody counted them. */
  readonly rows?: number;
  /** As stored. */
  readonly bytes: number;
  /** SHA-256 of the stored bytes in hexadecimal; unset where nobody computed it. */
  readonly sha256?: string;
}

export interface FileRecord extends ExportedFile {
  readonly state: 'exported' | 'loading' | 'loaded';
  /** The server's job that loads it. */
  readonly job?: string;
}

export interface ContinuationToken {
  readonly token: string;
  readonly fetchId: string;
  readonly table: TableName;
  /** The first file that is not loaded; empty while the table's export is not complete. */
  readonly file: string;
}

/** `shard 2, part 7 of table 3 of fetch 1f0c...`: for messages. */
export function displayFile({ fetchId, table, shard, part }: FileKey): string {
  return `shard ${shard}, part ${part} of table ${table} of fetch ${fetchId}`;
}
