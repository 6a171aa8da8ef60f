import type { RowsDigest, Share } from '@tsmolt/core';
import { compareShare } from './compare-share.js';
import type { FoundRow } from './compare-share.js';
import { judgeRows } from './judge-rows.js';
import type { Comparison, Side } from './plan-comparison.js';
import { addCounts, noRows } from './report.js';
import type { RowCounts } from './report.js';
import { hashedSet } from './row-sets.js';
import type { RangeWork } from './row-sets.js';

/** Enough that one changed row does not make many others be looked at, and few enough to be carried for every range. */
const bucketsPerRange = 256;

/** Rows of both sides together that are held at a time; each is its key and a hash, mostly. */
const rowsAtATime = 100_000;

/**
 * Compares the rows of a range: both servers hash them in one statement at the same time; only buckets that differ are
 * looked at row by row, and only rows that differ are read, and compared by meaning.
 */
export async function compareRange(work: RangeWork): Promise<RowCounts> {
  const { comparison } = work;
  const [source, target] = await Promise.all([
    digests(work, comparison.source),
    digests(work, comparison.target),
  ]);
  let different: RowCounts = noRows;
  for (const share of sharesToLookAt(comparison, source, target)) {
    const found = await work.holding(async () => judgeRows(work, await compareShare(work, share)));
    different = addCounts(different, countOf(found));
  }
  return withSuccess(comparison, rowsIn(source), different);
}

type Digests = ReadonlyMap<number, RowsDigest>;

function digests(work: RangeWork, side: Side): Promise<Digests> {
  return work.limited(side.name, () =>
    side.verifier.hashBuckets(hashedSet(work, side, work.range), bucketsPerRange),
  );
}

/**
 * A changed row lies in two buckets, that of its old and that of its new hash: both differ, so both are looked at together.
 * Where that would be too many rows, or every row has to be read, rows are dealt by their key: then both versions of a row
 * are in one share.
 */
function sharesToLookAt(comparison: Comparison, source: Digests, target: Digests): Share[] {
  const { hashed, byMeaning } = comparison.source;
  const differing = differingBuckets(source, target);
  const readsAll = byMeaning.length > 0;
  if (differing.length === 0 && !readsAll) return [];
  const rows = rowsIn(source, differing) + rowsIn(target, differing);
  if (!readsAll && rows <= rowsAtATime) {
    return [{ columns: hashed, of: bucketsPerRange, buckets: differing }];
  }
  const columns = comparison.dealtBy;
  const of =
    columns.length === 0 ? 1 : Math.max(1, Math.ceil((rowsIn(source) + rowsIn(target)) / rowsAtATime));
  return Array.from({ length: of }, (_, bucket) => ({ columns, of, buckets: [bucket] }));
}

function differingBuckets(source: Digests, target: Digests): number[] {
  const same = (left: RowsDigest | undefined, right: RowsDigest | undefined): boolean =>
    left?.rows === right?.rows && left?.digest === right?.digest;
  return [...new Set([...source.keys(), ...target.keys()])].filter(
    (bucket) => !same(source.get(bucket), target.get(bucket)),
  );
}

function rowsIn(all: Digests, buckets: readonly number[] = [...all.keys()]): number {
  return Number(buckets.reduce((sum, bucket) => sum + (all.get(bucket)?.rows ?? 0n), 0n));
}

function countOf(found: readonly FoundRow[]): RowCounts {
  const of = (kind: FoundRow['kind']): number => found.filter((row) => row.kind === kind).length;
  return { ...noRows, missing: of('missing'), mismatch: of('mismatch'), extraneous: of('extraneous') };
}

/** A source that is written to meanwhile may show more differences than it had rows. */
function withSuccess(comparison: Comparison, truthRows: number, different: RowCounts): RowCounts {
  const equal = Math.max(0, truthRows - different.missing - different.mismatch);
  const conditional = comparison.left.length > 0;
  return {
    ...different,
    truthRows,
    success: conditional ? 0 : equal,
    conditionalSuccess: conditional ? equal : 0,
  };
}
