import { TsmoltError } from '@tsmolt/core';
import { positionNumber, printPosition } from './log-position.js';

/**
 * Where a server's history left another timeline.
 *
 * Source: PostgreSQL manual, "Timelines"; the history file has a line for each timeline that this one came from: its number,
 * where it was left, and why.
 * @returns undefined where this one did not come from it
 */
export function leftAt(history: string, timeline: number): bigint | undefined {
  for (const line of history.split('\n')) {
    const [number = '', position = ''] = line.trim().split(/\s+/);
    if (number !== '' && Number(number) === timeline) return positionNumber(position);
  }
  return undefined;
}

/** A position that was written on one timeline, and the history of the one that the server is on now. */
export interface EarlierPosition {
  readonly position: string;
  readonly timeline: number;
  readonly now: number;
  readonly history: string;
}

/** @throws TsmoltError `TSM5005` where the server's log has something else at the position than it had */
export function refuseLeft({ position, timeline, now, history }: EarlierPosition): void {
  if (timeline === now) return;
  const end = leftAt(history, timeline);
  if (end !== undefined && positionNumber(position) <= end) return;
  const where = end === undefined ? '' : ` at ${printPosition(end)}`;
  throw new TsmoltError('TSM5005', {
    message: `the position ${position} is of timeline ${timeline} of the source, which its history left${where}, before that position, for timeline ${now}`,
    advice:
      'It was restored or failed over to a state before that position: what the target has may not be on the source any more. ' +
      'Verify, and fetch again what differs, with a new slot and a staging schema of its own.',
  });
}
