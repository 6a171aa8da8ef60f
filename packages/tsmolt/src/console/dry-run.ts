import type { DryRun, DryRunTable } from '@tsmolt/fetch';
import { formatBytes, formatCount } from './format.js';

/** The plan of a fetch for a person to read. */
export function describeDryRun(plan: DryRun): string {
  const parts = [
    `${plan.source} -> ${plan.target}: ${plan.route}\n`,
    ...(plan.refused === undefined
      ? []
      : [`REFUSED ${plan.refused.code}: ${plan.refused.message}\n${plan.refused.advice}\n`]),
    section('First, on the target', plan.statements),
    ...plan.tables.map(describeTable),
    section('Left out, because they cannot be migrated', plan.skippedUnmigratableTables),
    'Nothing was changed.\n',
  ];
  return parts.filter((part) => part !== '').join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? '' : `${title}:\n${lines.map(indented).join('')}`;
}

function describeTable(table: DryRunTable): string {
  const names = table.source === table.target ? table.source : `${table.source} -> ${table.target}`;
  const size = `about ${formatCount(table.estimatedRows)} rows, ${formatBytes(table.estimatedBytes)}`;
  const lines = [
    `${table.sharding}: ${count(table.shards, 'shard')}, ${count(table.ranges, 'range')}`,
    ...(table.filter === undefined ? [] : [`only rows with ${table.filter}`]),
    ...table.columns.map(({ source, target }) => (source === target ? source : `${source} -> ${target}`)),
    ...table.statements,
  ];
  return `${names} (${size})\n${lines.map(indented).join('')}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

function indented(text: string): string {
  return `${text.replaceAll(/^/gm, '  ')}\n`;
}
