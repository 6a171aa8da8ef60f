import { clockDuration, displayName } from '@tsmolt/core';
import type { Logger, TableName } from '@tsmolt/core';
import type { TableReport } from './report.js';

/** The lines about one table in MOLT's words and fields, so that what reads molt's log reads tsmolt's. */
export class TableLog {
  readonly #logger: Logger;
  readonly #table: string;

  constructor(logger: Logger, table: TableName) {
    this.#logger = logger;
    this.#table = displayName(table);
  }

  extractionStarting(): void {
    this.#logger.info({ table: this.#table }, 'data extraction phase starting');
  }

  extractionComplete(rows: number, exportMs: number): void {
    this.#logger.info(
      { table: this.#table, type: 'summary', num_rows: rows, ...duration('export', exportMs) },
      'data extraction from source complete',
    );
  }

  importStarting(): void {
    this.#logger.info({ table: this.#table }, 'starting data import on target');
  }

  importComplete(report: TableReport, cdcCursor: string): void {
    const { checksum } = report;
    this.#logger.info(
      {
        table: this.#table,
        type: 'summary',
        ...duration('net', report.netMs),
        ...duration('import', report.importMs),
        ...duration('export', report.exportMs),
        num_rows: report.importedRows,
        num_bytes: report.bytes,
        num_shards: report.shards,
        cdc_cursor: cdcCursor,
        ...(checksum === undefined
          ? {}
          : {
              checksum_source: checksum.source,
              checksum_target: checksum.target,
              checksum_equal: checksum.equal,
              columns_not_hashed: checksum.columnsNotHashed,
            }),
      },
      'data import on target for table complete',
    );
  }
}

/** `export_duration_ms` and `export_duration`, as MOLT writes both. */
export function duration(what: string, milliseconds: number): Record<string, number | string> {
  return {
    [`${what}_duration_ms`]: Math.round(milliseconds * 1000) / 1000,
    [`${what}_duration`]: clockDuration(milliseconds),
  };
}
