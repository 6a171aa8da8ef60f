import type { Readable } from 'node:stream';
import type { TableName } from '../names.js';
import type { Table } from '../schema.js';

/**
 * The row formats that COPY knows. Their meaning is PostgreSQL's (manual, "COPY"): `csv` with NULL as an empty unquoted
 * field, `text` with tabs and backslashes, `binary` with the layouts that `Column.binaryLayout` names.
 */
export type CopyFormat = 'csv' | 'text' | 'binary';

export interface CopyRequest {
  readonly table: TableName;
  readonly columns: readonly string[];
  readonly format: CopyFormat;
  readonly signal: AbortSignal;
}

/** How a table is going to be created. */
export interface TableDefinition {
  readonly name: TableName;
  /** In order; the first table's include the schemas and types that any of the tables needs. */
  readonly statements: readonly string[];
  /** What of the source's definition the table will lack, one phrase each. */
  readonly notCarriedOver: readonly string[];
}

/** Where a bulk load goes. */
export interface BulkTarget {
  /** In order of preference. */
  readonly importFormats: readonly CopyFormat[];
  /**
   * Plans tables of the same names with primary key and NOT NULL, and the schemas and types they need. Changes nothing.
   *
   * @throws TsmoltError `TSM3004` for a column whose type has no counterpart
   */
  planTables(tables: readonly Table[]): Promise<TableDefinition[]>;
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
  /**
   * Loads one stream in one transaction: all of its rows are there afterwards, or none.
   *
   * @returns the server's own count of the rows it took
   * @throws TsmoltError; of kind `retry` only where nothing was committed and the same rows may be sent again;
   *   `TSM4007` where the connection was lost while the server was committing
   */
  copyIn(request: CopyRequest, data: Readable): Promise<number>;
}
