import type { HashedSet, KeyRange, RowText } from '@tsmolt/core';
import type { Comparison, Side } from './plan-comparison.js';

/** Enough that one changed row does not make many others be looked at, and few enough to be carried for every range. */
export const bucketsPerRange = 256;

export interface RangeWork {
  readonly comparison: Comparison;
  readonly range: KeyRange;
  readonly signal: AbortSignal;
  /** Runs a statement when the server may take another one. */
  readonly limited: <Result>(side: Side['name'], work: () => Promise<Result>) => Promise<Result>;
  /** Differing rows to describe; the counts are whole. */
  readonly named: number;
  /** Show hashes in the place of values. */
  readonly redact: boolean;
}

export function hashedSet({ comparison, range, signal }: RangeWork, side: Side): HashedSet {
  return {
    table: side.name === 'source' ? side.pair.source : side.pair.target,
    key: side.key,
    columns: side.hashed,
    algorithm: comparison.algorithm,
    buckets: bucketsPerRange,
    range,
    signal,
    ...(side.condition === undefined ? {} : { condition: side.condition }),
  };
}

/** A key as one string: unambiguous, whatever its values hold. */
export function keyId(key: RowText): string {
  return JSON.stringify(key);
}
