import { displayName, TsmoltError } from '@tsmolt/core';
import type { Table, TableName } from '@tsmolt/core';
import type { FetchOptions } from './options.js';
import type { FetchReport, TableReport } from './report.js';
import { duration } from './table-log.js';

/** Says what is going to be moved: in the log, in the metrics, and to whoever shows progress. */
export function announce(options: FetchOptions, tables: readonly Table[], cdcCursor: string): void {
  options.metrics.tables(tables.length);
  options.logger.info(
    { type: 'summary', fetch_id: options.fetchId, num_tables: tables.length, cdc_cursor: cdcCursor },
    'starting fetch',
  );
  options.onEvent({
    type: 'planned',
    tables: tables.map(({ name, estimate }) => ({
      name,
      estimatedRows: estimate.rows,
      estimatedBytes: estimate.bytes,
    })),
  });
}

export interface Conclusion {
  readonly cdcCursor: string;
  readonly tables: readonly TableReport[];
  readonly skipped: readonly TableName[];
}

/** Says what was moved. @throws TsmoltError `TSM4005` where checksums differ */
export function conclude(options: FetchOptions, conclusion: Conclusion): FetchReport {
  const report = { fetchId: options.fetchId, ...conclusion, netMs: performance.now() - options.startedAt };
  assertChecksums(report.tables);
  options.metrics.finished(report.netMs);
  options.logger.info(
    {
      type: 'summary',
      fetch_id: report.fetchId,
      num_tables: report.tables.length,
      tables: report.tables.map((table) => displayName(table.table)),
      skipped_unmigratable_tables: report.skipped.map(displayName),
      cdc_cursor: report.cdcCursor,
      ...duration('net', report.netMs),
    },
    'fetch complete',
  );
  return report;
}

function assertChecksums(tables: readonly TableReport[]): void {
  const different = tables.filter((report) => report.checksum?.equal === false);
  const [first] = different;
  if (first?.checksum === undefined) return;
  const names = different.map((report) => displayName(report.table)).join(', ');
  throw new TsmoltError('TSM4005', {
    message:
      `the rows of ${names} are not the same on both sides: ${displayName(first.table)} has ` +
      `${first.checksum.sourceRows} rows hashing to ${first.checksum.source} on the source and ` +
      `${first.checksum.targetRows} rows hashing to ${first.checksum.target} on the target`,
    advice:
      'Look for rows that the target held before (--table-handling none keeps them), for triggers on the target, ' +
      'and for writers that already use it.',
  });
}
