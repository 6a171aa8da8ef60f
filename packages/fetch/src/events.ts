import type { TableName } from '@tsmolt/core';
import type { TableReport } from './report.js';

/** What a progress display needs to know. Rows and bytes are additions, not totals. */
export type FetchEvent =
  | { readonly type: 'planned'; readonly tables: readonly PlannedTable[] }
  | { readonly type: 'table started'; readonly table: TableName }
  | { readonly type: 'progress'; readonly table: TableName; readonly rows: number; readonly bytes: number }
  | { readonly type: 'table hashing'; readonly table: TableName }
  | { readonly type: 'table finished'; readonly report: TableReport };

export interface PlannedTable {
  readonly name: TableName;
  /** By the source's statistics: may be wrong, and 0 for a table that holds rows. */
  readonly estimatedRows: number;
  /** The size of the table on disk, which is near the size of its rows on the wire. */
  readonly estimatedBytes: number;
}
