import Table from 'cli-table3';
import { displayName } from '@tsmolt/core';
import type { VerifyReport } from '@tsmolt/verify';
import { formatCount, formatSeconds } from './format.js';
import { withoutInnerLines } from './frame.js';

/** What every table came to, one line each. */
export function verifySummary(report: VerifyReport): string {
  const table = new Table({
    head: ['table', 'rows', 'equal', 'missing', 'mismatching', 'extraneous'],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { table: name, counts } of report.tables) {
    const equal = counts.success + counts.conditionalSuccess;
    table.push([
      displayName(name),
      formatCount(counts.truthRows),
      `${formatCount(equal)}${counts.conditionalSuccess > 0 ? ' (conditionally)' : ''}`,
      formatCount(counts.missing),
      formatCount(counts.mismatch),
      formatCount(counts.extraneous),
    ]);
  }
  const verdict = report.equal ? 'The databases hold the same rows' : 'The databases DIFFER';
  const missing = report.missingTables.map((name) => `missing on the target: ${displayName(name)}\n`);
  return `${withoutInnerLines(table.toString())}\n${missing.join('')}${verdict} (${formatSeconds(report.netMs)})\n`;
}
