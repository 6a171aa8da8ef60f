import type { Share } from '@tsmolt/core';
import { compareShare } from './compare-share.js';
import type { FoundRow } from './found-row.js';
import type { JudgedRow } from './judged-row.js';
import { appliedHere, waitBefore } from './live-waits.js';
import type { LiveOptions } from './options.js';
import type { RangeWork } from './row-sets.js';

export interface DoubtfulShare {
  readonly share: Share;
  /** What differed at the first look. */
  readonly found: readonly FoundRow[];
}

/**
 * Rows without a key cannot be read one by one: the share is compared again until nothing differs, or the tries are used up.
 * Rows that differed in the last two comparisons are different; those that turned up in the last one are still changing.
 */
export async function settleShare(work: RangeWork, live: LiveOptions, first: DoubtfulShare): Promise<void> {
  let { found } = first;
  let before: readonly FoundRow[] = [];
  work.findings.readAgain(found.length);
  if (found.length > 0) work.logger.debug({ rows: found.length }, 'rows that differ are read again');
  for (let round = 1; found.length > 0 && round <= live.retries; round++) {
    before = found;
    const position = await live.replication?.sourcePosition();
    await work.pause(waitBefore(round));
    await appliedHere(live, position, work.pause);
    found = await compareShare(work, first.share);
  }
  await work.findings.differ(judged(before, found));
}

function judged(before: readonly FoundRow[], now: readonly FoundRow[]): JudgedRow[] {
  const known = new Map<string, number>();
  for (const row of before) known.set(textOf(row), (known.get(textOf(row)) ?? 0) + 1);
  return now.map((row) => {
    const left = known.get(textOf(row)) ?? 0;
    known.set(textOf(row), left - 1);
    return { ...row, columns: [], ...(left > 0 ? {} : { kind: 'still changing' as const }) };
  });
}

function textOf({ kind, key }: FoundRow): string {
  return JSON.stringify([kind, key]);
}
