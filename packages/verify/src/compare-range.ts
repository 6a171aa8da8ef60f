import type { RowsDigest, RowText } from '@tsmolt/core';
import { compareByMeaning } from './compare-by-meaning.js';
import { judgeRows } from './judge-rows.js';
import type { FoundRow } from './judge-rows.js';
import type { Comparison, Side } from './plan-comparison.js';
import { noRows } from './report.js';
import type { DifferentRow, RowCounts } from './report.js';
import { hashedSet, keyId } from './row-sets.js';
import type { RangeWork } from './row-sets.js';

export interface RangeResult {
  readonly counts: RowCounts;
  readonly rows: readonly DifferentRow[];
}

/**
 * Compares the rows of a range: both servers hash them in one statement at the same time; only buckets that differ are
 * looked at row by row, and only rows that differ are read, and compared by meaning.
 */
export async function compareRange(work: RangeWork): Promise<RangeResult> {
  const { comparison } = work;
  const [source, target] = await Promise.all([
    digests(work, comparison.source),
    digests(work, comparison.target),
  ]);
  const differing = differingBuckets(source, target);
  const truthRows = rowsIn(source);
  const byHash = differing.length === 0 ? [] : await differingRows(work, differing);
  const byMeaning = await compareByMeaning(work, byHash);
  const { different, described } = await judgeRows(work, [...byHash, ...byMeaning]);
  return { counts: count(comparison, truthRows, different), rows: described };
}

function digests(work: RangeWork, side: Side): Promise<ReadonlyMap<number, RowsDigest>> {
  return work.limited(side.name, () => side.verifier.hashBuckets(hashedSet(work, side)));
}

function differingBuckets(
  source: ReadonlyMap<number, RowsDigest>,
  target: ReadonlyMap<number, RowsDigest>,
): number[] {
  const same = (left: RowsDigest | undefined, right: RowsDigest | undefined): boolean =>
    left?.rows === right?.rows && left?.digest === right?.digest;
  return [...new Set([...source.keys(), ...target.keys()])].filter(
    (bucket) => !same(source.get(bucket), target.get(bucket)),
  );
}

function rowsIn(digestsByBucket: ReadonlyMap<number, RowsDigest>): number {
  return Number([...digestsByBucket.values()].reduce((sum, { rows }) => sum + rows, 0n));
}

/** A changed row lies in two buckets, that of its old and that of its new hash: both differ, so both are here. */
async function differingRows(work: RangeWork, buckets: readonly number[]): Promise<FoundRow[]> {
  const { source, target } = work.comparison;
  const [left, right] = await Promise.all([
    hashesByKey(work, source, buckets),
    hashesByKey(work, target, buckets),
  ]);
  const found: FoundRow[] = [];
  for (const [id, { key, hashes }] of left) {
    const others = right.get(id)?.hashes ?? [];
    found.push(...unmatched(key, hashes, others));
  }
  for (const [id, { key, hashes }] of right) {
    if (!left.has(id)) found.push(...hashes.map((): FoundRow => ({ kind: 'extraneous', key })));
  }
  return found;
}

/** With a key there is one hash a side; without one, equal rows have one id and count by their number. */
function unmatched(key: RowText, hashes: readonly string[], others: readonly string[]): FoundRow[] {
  const [hash] = hashes;
  if (hashes.length === 1 && others.length === 1)
    return hash === others[0] ? [] : [{ kind: 'mismatch', key }];
  const surplus = hashes.length - others.length;
  const kind = surplus > 0 ? 'missing' : 'extraneous';
  return Array.from({ length: Math.abs(surplus) }, () => ({ kind, key }));
}

interface KeyHashes {
  readonly key: RowText;
  readonly hashes: string[];
}

async function hashesByKey(
  work: RangeWork,
  side: Side,
  buckets: readonly number[],
): Promise<Map<string, KeyHashes>> {
  const found = new Map<string, KeyHashes>();
  await work.limited(side.name, async () => {
    for await (const { key, hash } of side.verifier.hashRows(hashedSet(work, side), buckets)) {
      const id = keyId(key);
      const entry = found.get(id);
      if (entry === undefined) found.set(id, { key, hashes: [hash] });
      else entry.hashes.push(hash);
    }
  });
  return found;
}

function count(comparison: Comparison, truthRows: number, found: readonly FoundRow[]): RowCounts {
  const of = (kind: FoundRow['kind']): number => found.filter((row) => row.kind === kind).length;
  const [missing, mismatch, extraneous] = [of('missing'), of('mismatch'), of('extraneous')];
  const equal = truthRows - missing - mismatch;
  const conditional = comparison.left.length > 0;
  return {
    ...noRows,
    truthRows,
    missing,
    mismatch,
    extraneous,
    success: conditional ? 0 : equal,
    conditionalSuccess: conditional ? equal : 0,
  };
}
