import { isatty } from 'node:tty';
import Table from 'cli-table3';
import pc from 'picocolors';
import { displayName } from '@tsmolt/core';
import type { FetchReport, TableReport } from '@tsmolt/fetch';
import { withoutInnerLines } from './frame.js';
import { formatBytes, formatCount, formatSeconds } from './format.js';

/** The two sides of every table, one line each. */
export function fetchSummary(report: FetchReport): string {
  const withChecksums = report.tables.some((table) => table.checksum !== undefined);
  const table = new Table({
    head: [
      'table',
      'rows sent',
      'rows taken',
      'bytes',
      'shards',
      'time',
      ...(withChecksums ? ['checksum of source', 'of target'] : []),
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'left', 'left'],
    style: { head: [], border: [] },
  });
  for (const entry of report.tables) table.push(row(entry, withChecksums));
  const skipped = report.tables.flatMap((entry) => notHashed(entry));
  return `${withoutInnerLines(table.toString())}\n${totals(report)}\n${skipped.join('')}`;
}

function row(entry: TableReport, withChecksums: boolean): string[] {
  const { checksum } = entry;
  const shown =
    checksum === undefined
      ? ['', '']
      : [short(checksum.source), `${short(checksum.target)} ${mark(checksum.equal)}`];
  return [
    displayName(entry.table),
    formatCount(entry.exportedRows),
    `${formatCount(entry.importedRows)} ${mark(entry.importedRows === entry.exportedRows)}`,
    formatBytes(entry.bytes),
    String(entry.shards),
    formatSeconds(entry.netMs),
    ...(withChecksums ? shown : []),
  ];
}

/** Colours for a terminal alone: a log that is piped into a file must not hold them, whatever CI variables are set. */
function mark(equal: boolean): string {
  const colors = pc.createColors(isatty(process.stdout.fd));
  return equal ? colors.green('=') : colors.red('≠');
}

/** Enough of a digest for an eye; the whole of it is in the JSON log. */
function short(digest: string): string {
  return digest
    .split('.')
    .map((part) => part.slice(-8))
    .join('.');
}

function totals(report: FetchReport): string {
  const rows = report.tables.reduce((sum, table) => sum + table.importedRows, 0);
  const bytes = report.tables.reduce((sum, table) => sum + table.bytes, 0);
  const cursor = report.cdcCursor === '' ? '' : `, cdc_cursor ${report.cdcCursor}`;
  return `${report.tables.length} tables, ${formatCount(rows)} rows, ${formatBytes(bytes)} in ${formatSeconds(report.netMs)}${cursor}`;
}

function notHashed(entry: TableReport): string[] {
  const columns = entry.checksum?.columnsNotHashed ?? [];
  return columns.length === 0
    ? []
    : [`not part of the checksum of ${displayName(entry.table)}: ${columns.join(', ')}\n`];
}
