import type { Readable } from 'node:stream';
import type { TableName } from '../names.js';
import type { Column, Table } from '../schema.js';
import type { Secret } from '../secret.js';
import type { FileKey } from './fetch-status.js';

/**
 * The row formats that COPY knows. Their meaning is PostgreSQL's (manual, "COPY"): `csv` with NULL as an empty unquoted
 * field, `csv-marked-null` the same with NULL as `\\N`, `text` with tabs and backslashes, `binary` with the layouts that
 * `Column.binaryLayout` names.
 *
 * A table of one column needs the marked form where a CSV reader skips empty lines: its NULL would be one.
 */
export type CopyFormat = 'csv' | 'csv-marked-null' | 'text' | 'binary';

export interface CopyRequest {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly format: CopyFormat;
  readonly signal: AbortSignal;
  /** Written in the transaction of the rows, so that it is there if and only if they are. */
  readonly receipt?: LoadReceipt;
}

/** Proof that a file of a fetch was loaded, in the status tables (`FetchStatus`). */
export interface LoadReceipt {
  readonly file: FileKey;
  readonly worker: string;
  /** The rows that the file holds: another count rolls the load back. Unset where nobody counted them. */
  readonly rows?: number;
}

/** A bulk load of whole files that the server reads by itself (CockroachDB's IMPORT INTO). */
export interface ImportRequest {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly format: 'csv' | 'csv-marked-null';
  readonly files: readonly ImportFile[];
  /** When the run began, by the server's clock: older jobs for files of the same names are none of its own. */
  readonly since: Date;
  readonly signal: AbortSignal;
  /** Called with a number from 0 to 1, as the server reports it. */
  readonly onProgress: (fraction: number) => void;
  /** Called with the server's name for the job before its end is waited for. */
  readonly onJob: (job: string) => Promise<void>;
  /** Follow this job, which was started for the same files before, instead of starting one. */
  readonly job?: string;
}

export interface ImportFile {
  /** For messages: what the error names. */
  readonly name: string;
  readonly url: Secret;
}

/** A constraint that the server no longer vouches for after a load, and the statement that makes it check again. */
export interface UnvalidatedConstraint {
  readonly table: TableName;
  readonly name: string;
  readonly statement: string;
}

/** Loads files as jobs of the server. The table cannot be read meanwhile. */
export interface FileImporter {
  /**
   * Imports the files and waits for the end of the job. All rows of all files are there afterwards, or none.
   *
   * When the signal fires, the job is cancelled and its end is waited for.
   * @throws TsmoltError `TSM4009` naming the file and, where the server told it, the row that was refused; of kind `retry`
   *   only where nothing was imported
   */
  importFiles(request: ImportRequest): Promise<void>;
  /** The job that was started for these files by a process that did not live to note it. Undefined when there is none. */
  findJob(request: Pick<ImportRequest, 'table' | 'files' | 'since'>): Promise<string | undefined>;
  /** Constraints of the tables that are not validated. */
  unvalidatedConstraints(tables: readonly TableName[]): Promise<UnvalidatedConstraint[]>;
}

/** A table that is wanted on the target: the source's, under the target's name and with its columns. */
export interface PlannedTable extends Table {
  /** Types in the target's own SQL by column name, where the user chose them (`--type-map-file`). */
  readonly chosenTypes?: ReadonlyMap<string, string>;
  /** Columns to add as computed ones, with the source's expression. */
  readonly computedColumns?: readonly Column[];
}

/** How a table is going to be created. */
export interface TableDefinition {
  readonly name: TableName;
  /** In order; the first table's include the schemas and types that any of the tables needs. */
  readonly statements: readonly string[];
  /** What of the source's definition the table will lack, one phrase each. */
  readonly notCarriedOver: readonly string[];
}

/** A step of a load, as far as its statements depend on it. */
export type LoadStep =
  | { readonly kind: 'drop' | 'truncate'; readonly tables: readonly TableName[] }
  | ({ readonly kind: 'copy' } & Pick<CopyRequest, 'table' | 'columns' | 'format'>)
  /** The files' URLs are left out. */
  | ({ readonly kind: 'import' } & Pick<ImportRequest, 'table' | 'columns' | 'format'>);

/** Where a bulk load goes. */
export interface BulkTarget {
  /** In order of preference. */
  readonly importFormats: readonly CopyFormat[];
  /** Bytes of memory that one `copyIn` may hold at a time. */
  readonly bufferBytes: number;
  /** Where the server can read files by itself. */
  readonly importer?: FileImporter;
  /**
   * Plans tables of the same names with primary key and NOT NULL, and the schemas and types they need. Changes nothing.
   *
   * @throws TsmoltError `TSM3004` for a column whose type has no counterpart
   */
  planTables(tables: readonly PlannedTable[]): Promise<TableDefinition[]>;
  /** Runs the statements of a plan. */
  createTables(definitions: readonly TableDefinition[]): Promise<void>;
  /**
   * Drops those of the tables that exist, all or none.
   *
   * @throws TsmoltError `TSM3006` when something else depends on one of them: nothing is dropped by cascade
   */
  dropTables(names: readonly TableName[]): Promise<void>;
  /** Empties the tables together, so that foreign keys among them do not matter. @throws TsmoltError `TSM3006` */
  truncateTables(names: readonly TableName[]): Promise<void>;
  /** The statements of a step, for a plan that changes nothing. Secrets are not in them. */
  explain(step: LoadStep): string[];
  /** The number of rows that a table holds now. */
  countRows(name: TableName): Promise<bigint>;
  /**
   * Loads one stream in one transaction: all of its rows are there afterwards, or none.
   *
   * @returns the server's own count of the rows it took
   * @throws TsmoltError; of kind `retry` only where nothing was committed and the same rows may be sent again;
   *   `TSM4007` where the connection was lost while the server was committing
   */
  copyIn(request: CopyRequest, data: Readable): Promise<number>;
}
