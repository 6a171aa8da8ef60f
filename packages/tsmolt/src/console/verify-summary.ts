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
  const missing = report.missingTables.map((name) => `missing on the target: ${displayName(name)}\n`);
  return `${withoutInnerLines(table.toString())}\n${missing.join('')}${unsettled(report)}${repaired(report)}${verdicts[report.verdict]} (${formatSeconds(report.netMs)})\n`;
}

const verdicts = {
  equal: 'The databases hold the same rows',
  different: 'The databases DIFFER',
  undecided: 'It is NOT KNOWN whether the databases hold the same rows: some change all the time',
} as const;

function unsettled({ tables }: VerifyReport): string {
  return tables
    .filter(({ counts }) => counts.stillChanging > 0)
    .map(
      ({ table, counts }) =>
        `still changing in ${displayName(table)}: ${formatCount(counts.stillChanging)} rows\n`,
    )
    .join('');
}

function repaired({ repair }: VerifyReport): string {
  if (repair === undefined) return '';
  const left = repair.unrepairable.map(
    ({ table, rows, reason }) =>
      `not repaired: ${formatCount(rows)} rows of ${displayName(table)}: ${reason}\n`,
  );
  const { applied } = repair;
  const outcome =
    applied === undefined
      ? `${formatCount(repair.statements)} statements that repair the target are in ${repair.file}; none was run`
      : `repaired: ${formatCount(applied.changedRows)} rows changed, ${formatCount(applied.withoutEffect)} statements without effect, ` +
        `${formatCount(applied.refused)} refused, ${formatCount(applied.remaining)} rows differ still`;
  return `${left.join('')}${outcome}\n`;
}
