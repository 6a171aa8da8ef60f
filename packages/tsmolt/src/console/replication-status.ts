import { displayName } from '@tsmolt/core';
import type { ReplicationStatus } from '../replication/status.js';
import { formatCount, formatSeconds } from './format.js';

/** How far each stream has come, for people. */
export function statusText({ streams, backlog }: ReplicationStatus): string {
  if (streams.length === 0) return 'No stream has a checkpoint in this staging schema.\n';
  const parts = streams.map(({ stream, checkpoint, status, lagSeconds }) => {
    const lines = [stream, `  checkpoint    ${checkpoint}`];
    if (status !== undefined) {
      const { positions, phase, source, transactions, changes, notedAt } = status;
      lines.push(
        `  source        ${source}`,
        `  received      ${positions.received ?? '-'}`,
        `  applied       ${positions.applied ?? '-'}`,
        `  acknowledged  ${positions.acknowledged ?? '-'}`,
        `  lag           ${lagSeconds === undefined ? '-' : formatSeconds(lagSeconds * 1000)}`,
        `  written       ${formatCount(changes)} changes in ${formatCount(transactions)} transactions since it started`,
        `  ${phase}, as it said ${formatSeconds(Date.now() - notedAt)} ago`,
      );
    }
    return lines.join('\n');
  });
  const waiting = backlog.map(
    ({ table, waiting: count, oldest }) =>
      `  ${displayName(table)}: ${formatCount(count)} changes, the oldest from ${new Date(oldest).toISOString()}`,
  );
  return `${[...parts, waiting.length === 0 ? 'Nothing waits in staging.' : `Waiting in staging:\n${waiting.join('\n')}`].join('\n')}\n`;
}
