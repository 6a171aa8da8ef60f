import type { TableName } from '@tsmolt/core';

/** What became of one table. */
export interface TableReport {
  readonly table: TableName;
  /** The source's own count of the rows it sent. */
  readonly exportedRows: number;
  /** The target's own count of the rows it took. */
  readonly importedRows: number;
  readonly bytes: number;
  readonly shards: number;
  readonly exportMs: number;
  readonly importMs: number;
  /** From the first moment of work on this table to the last. */
  readonly netMs: number;
  /** Values that were replaced because no target can hold them, by column. */
  readonly replacedValues: Readonly<Record<string, number>>;
  readonly checksum?: ChecksumReport;
}

/** Two digests over the same columns, each computed by its server. */
export interface ChecksumReport {
  readonly source: string;
  readonly target: string;
  readonly sourceRows: bigint;
  readonly targetRows: bigint;
  readonly equal: boolean;
  /** Columns that were left out because the two servers print their types in different ways. */
  readonly columnsNotHashed: readonly string[];
}

export interface FetchReport {
  readonly fetchId: string;
  readonly cdcCursor: string;
  readonly tables: readonly TableReport[];
  /** Tables that were left out because they cannot be moved, where the user allowed that. */
  readonly skipped: readonly TableName[];
  readonly netMs: number;
}
