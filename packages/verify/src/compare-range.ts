import { displayName } from '@tsmolt/core';
import type { Dealing, RowsDigest, RowText, Share } from '@tsmolt/core';
import { compareShare } from './compare-share.js';
import type { FoundRow } from './found-row.js';
import { doubtful, judgeRows } from './judge-rows.js';
import type { Comparison, Side } from './plan-comparison.js';
import { cuttableSet, hashedSet } from './row-sets.js';
import type { RangeWork } from './row-sets.js';
import { settleShare } from './settle-share.js';
import { cannotDivide, unlessTooLong } from './statement-limits.js';

/**
 * Enough that one changed row does not make many others be looked at, and few enough to be carried for every range. A prime:
 * keys of any step but itself are spread over all buckets by their remainders.
 */
const bucketsPerRange = 251;

/** Rows of both sides together that are held at a time; each is its key and a hash, mostly. */
const rowsAtATime = 100_000;

/** Ranges of fewer rows are not divided: such a server has other troubles than long statements. */
const fewestRows = 64;

/** A share is not divided further than into so many of the range. */
const mostShares = 4096;

/**
 * Compares the rows of a range: both servers hash them in one statement at the same time; only buckets that differ are
 * looked at row by row, and only rows that differ are read, and compared by meaning. A range whose statements take too
 * long is divided.
 *
 * @returns rows that differ and have to be read again, where the databases are written to; otherwise all is in the findings
 */
export async function compareRange(work: RangeWork): Promise<FoundRow[]> {
  const { comparison } = work;
  const both = await unlessTooLong(() =>
    Promise.all([digests(work, comparison.source), digests(work, comparison.target)]),
  );
  if (both === undefined) return compareParts(work);
  const [source, target] = both;
  work.findings.truth(rowsIn(source));
  const parked: FoundRow[] = [];
  for (const share of sharesToLookAt(comparison, source, target)) parked.push(...(await lookAt(work, share)));
  return parked;
}

async function compareParts(work: RangeWork): Promise<FoundRow[]> {
  const { comparison } = work;
  const name = displayName(comparison.pair.source.name);
  if (!comparison.rangeable) {
    throw cannotDivide(
      `${name}: statements on the whole table, which has no key that can be cut into ranges,`,
      'Verify this table in a run of its own, without --statement-timeout or with one that is long enough for all of its rows; or in parts, by conditions in --filter-path.',
    );
  }
  const { bounds, rows } = await boundsOfParts(work, name);
  work.logger.info(
    `a statement took too long: a range is divided into ${bounds.length + 1} of about ${rows} rows`,
  );
  const parked: FoundRow[] = [];
  for (const range of rangesBetween(bounds, work.range)) {
    parked.push(...(await compareRange({ ...work, range, rows })));
  }
  return parked;
}

/** The keys that halve the range, or cut it into more parts where it has more rows than was thought. */
async function boundsOfParts(
  work: RangeWork,
  name: string,
): Promise<{ readonly bounds: readonly RowText[]; readonly rows: number }> {
  const { comparison, longStatement, range } = work;
  for (let rows = Math.floor(work.rows / 2); rows >= fewestRows; rows = Math.floor(rows / 2)) {
    const bounds = await longStatement('source', (signal) =>
      comparison.source.verifier.keyBounds(cuttableSet(comparison, range, signal), rows),
    );
    if (bounds.length > 0) return { bounds, rows };
  }
  throw cannotDivide(`${name}: statements on a range of few rows`);
}

/** The range cut at these keys. */
export function rangesBetween(
  bounds: readonly RowText[],
  { after: first, upTo: last }: RangeWork['range'],
): RangeWork['range'][] {
  const edges = [first, ...bounds, last];
  return edges.slice(0, -1).map((after, index) => {
    const upTo = edges[index + 1];
    return { ...(after === undefined ? {} : { after }), ...(upTo === undefined ? {} : { upTo }) };
  });
}

/** A share whose statements take too long is divided: until then nothing of it has been counted. */
async function lookAt(work: RangeWork, share: Share): Promise<FoundRow[]> {
  const { comparison, live } = work;
  const looked = await work.holding(async () => {
    const found = await unlessTooLong(() => compareShare(work, share));
    if (found === undefined) return undefined;
    if (live !== undefined) return comparison.keyed ? doubtful(work, found) : found;
    await judgeRows(work, found);
    return [];
  });
  if (looked !== undefined && (comparison.keyed || live === undefined)) return looked;
  if (looked !== undefined && live !== undefined) {
    await settleShare(work, live, { share, found: looked });
    return [];
  }
  const rows: FoundRow[] = [];
  for (const part of finerShares(comparison, share)) rows.push(...(await lookAt(work, part)));
  return rows;
}

/** Half as many rows each, dealt by their key: both versions of a changed row stay in one share. */
function finerShares({ dealtBy, pair }: Comparison, { by, columns, of, buckets }: Share): Share[] {
  if (dealtBy.length === 0 || of * 2 > mostShares) {
    throw cannotDivide(`${displayName(pair.source.name)}: statements on a share of a range`);
  }
  if (columns !== dealtBy)
    return [0, 1].map((bucket) => ({ by, columns: dealtBy, of: 2, buckets: [bucket] }));
  return [0, of].map((more) => ({
    by,
    columns,
    of: of * 2,
    buckets: buckets.map((bucket) => bucket + more),
  }));
}

type Digests = ReadonlyMap<number, RowsDigest>;

function digests(work: RangeWork, side: Side): Promise<Digests> {
  return work.statement(side.name, (signal) =>
    side.verifier.hashBuckets(
      hashedSet(work.comparison, side, work.range, signal),
      dealingOf(work.comparison, side),
    ),
  );
}

/** By remainder only the rows of a bucket are hashed a second time where it differs; by hash all rows of the range are. */
function dealingOf({ numbered }: Comparison, side: Side): Dealing {
  return numbered
    ? { by: 'remainder', columns: side.dealtBy, of: bucketsPerRange }
    : { by: 'hash', columns: side.hashed, of: bucketsPerRange };
}

/**
 * Dealt by the hash of the row, a changed row lies in two buckets, that of its old and that of its new hash: both differ, so
 * both are looked at together. Where that would be too many rows, or every row has to be read, rows are dealt by their key:
 * then both versions of a row are in one share.
 */
function sharesToLookAt(comparison: Comparison, source: Digests, target: Digests): Share[] {
  const differing = differingBuckets(source, target);
  const readsAll = comparison.source.byMeaning.length > 0;
  if (differing.length === 0 && !readsAll) return [];
  const rows = rowsIn(source, differing) + rowsIn(target, differing);
  if (!readsAll && rows <= rowsAtATime) {
    return [{ ...dealingOf(comparison, comparison.source), buckets: differing }];
  }
  const columns = comparison.dealtBy;
  const of =
    columns.length === 0 ? 1 : Math.max(1, Math.ceil((rowsIn(source) + rowsIn(target)) / rowsAtATime));
  return Array.from({ length: of }, (_, bucket) => ({ by: 'hash', columns, of, buckets: [bucket] }));
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
