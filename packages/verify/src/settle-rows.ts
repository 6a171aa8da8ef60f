import type { RowText } from '@tsmolt/core';
import type { FoundRow } from './found-row.js';
import { judge, portions } from './judge-rows.js';
import type { JudgedRow } from './judged-row.js';
import { appliedHere, waitBefore } from './live-waits.js';
import type { LiveOptions } from './options.js';
import { readRows } from './read-rows.js';
import { idOf } from './row-sets.js';
import type { RangeWork } from './row-sets.js';

/** A row that differed when it was last read. */
interface Parked {
  readonly row: FoundRow;
  /** The source's row when it was last read, as one text; empty where there was none. */
  readonly source: string;
  /** How many times in a row the source held the same as the time before. */
  readonly still: number;
}

/** A change that is undone at once looks like no change: it would have to happen twice, each time between two reads. */
const stillWithReplication = 2;

/** Rows that do not stay as they are get so many times as many tries as the others. */
const patienceForChanges = 2;

/**
 * Reads rows that differ again and again, with growing waits, until each of them is the same on both sides, or differs while
 * its source stays as it is, or has changed too often for anybody to say.
 *
 * The order of reads makes that sound. The source is read (S1), then the target (T), then the source again (S2), which is
 * the next round's S1. T like S2: the row is the same. T unlike S2 and S1 like S2: T lacks a change that was there before S1.
 * With replication the source's position is taken after S1 and T is read when the target has applied it: such a T cannot
 * be late. It may be early, showing a change that came after S1; then S2, which is read after T, shows it too. Without
 * replication only time can tell, so that it takes as many such rounds as there are retries. S1 unlike S2: the row was
 * being changed, and nothing follows.
 */
export async function settleRows(
  work: RangeWork,
  live: LiveOptions,
  rows: readonly FoundRow[],
): Promise<void> {
  const { findings } = work;
  if (rows.length === 0) return;
  findings.readAgain(rows.length);
  let parked = await firstLook(work, rows);
  work.logger.debug({ rows: rows.length }, 'rows that differ are read again');
  for (let round = 1; parked.length > 0; round++) {
    if (round > live.retries * patienceForChanges) {
      await findings.differ(parked.map(({ row }) => ({ ...row, kind: 'still changing', columns: [] })));
      return;
    }
    await targetIsUpToDate(work, live, round);
    const next: Parked[] = [];
    for (const portion of portions(parked)) next.push(...(await lookAgain(work, live, portion)));
    parked = next;
  }
}

/** @param round from 1 */
async function targetIsUpToDate(work: RangeWork, live: LiveOptions, round: number): Promise<void> {
  const { replication } = live;
  if (replication === undefined || round > 1) await work.pause(waitBefore(round));
  await appliedHere(live, await replication?.sourcePosition(), work.pause);
}

async function firstLook(work: RangeWork, rows: readonly FoundRow[]): Promise<Parked[]> {
  const parked: Parked[] = [];
  for (const portion of portions(rows)) {
    const source = await readRows(work, work.comparison.source, portion);
    parked.push(...portion.map((row) => ({ row, source: textOf(source.get(idIn(work, row))), still: 0 })));
  }
  return parked;
}

/** @returns the rows of which nothing can be said yet */
async function lookAgain(work: RangeWork, live: LiveOptions, parked: readonly Parked[]): Promise<Parked[]> {
  const { comparison, findings } = work;
  const rows = parked.map(({ row }) => row);
  const target = await readRows(work, comparison.target, rows);
  const source = await readRows(work, comparison.source, rows);
  const enough = live.replication === undefined ? live.retries : stillWithReplication;
  const waiting: Parked[] = [];
  const different: JudgedRow[] = [];
  for (const before of parked) {
    const { row } = before;
    const now = source.get(idIn(work, row));
    const judged = judge(work, row, { source, target });
    const still = textOf(now) === before.source ? before.still + 1 : 0;
    if (judged !== undefined && still < enough) {
      waiting.push({ row, source: textOf(now), still });
      continue;
    }
    findings.truth(difference(row, now));
    if (judged !== undefined) different.push(judged);
  }
  await findings.differ(different);
  return waiting;
}

/** The hashes counted a row where the source had one then. */
function difference(row: FoundRow, now: RowText | undefined): number {
  const before = row.kind === 'extraneous' ? 0 : 1;
  return (now === undefined ? 0 : 1) - before;
}

function idIn({ comparison }: RangeWork, row: FoundRow): string {
  return idOf(row.key, comparison.identityTypes);
}

function textOf(row: RowText | undefined): string {
  return row === undefined ? '' : JSON.stringify(row);
}
