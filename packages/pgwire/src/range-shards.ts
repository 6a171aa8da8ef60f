import type { LogicalType, RowRange, Shard } from '@tsmolt/core';
import { quoteIdentifier, quoteLiteral } from './sql.js';

/** A key type whose values lie on a line that can be cut evenly. */
interface Line {
  readonly toNumber: (text: string) => bigint;
  readonly toLiteral: (value: bigint) => string;
}

const integers: Line = { toNumber: BigInt, toLiteral: (value) => String(value) };

/** A UUID sorts as its 128 bits. */
const uuids: Line = {
  toNumber: (text) => BigInt(`0x${text.replaceAll('-', '')}`),
  toLiteral: (value) => `${quoteLiteral(value.toString(16).padStart(32, '0'))}::uuid`,
};

/** The types that MOLT shards by range: INT, FLOAT, UUID. */
export function canCutByRange(type: LogicalType): boolean {
  return type.kind === 'integer' || type.kind === 'float' || type.kind === 'uuid';
}

export interface KeyBounds {
  readonly column: string;
  readonly type: LogicalType;
  /** Smallest and largest value as text; the largest may be `NaN` or `Infinity` for floats. */
  readonly min: string;
  readonly max: string;
}

/**
 * Cuts the rows between the smallest and the largest key into at most `count` ranges of equal width.
 *
 * The first range has no lower end and the last no upper end, so that together they hold every row whatever the bounds.
 */
export function cutByRange(bounds: KeyBounds, count: number): RowRange[] {
  return rangesBetween(bounds.column, boundaries(bounds, count));
}

/** The ranges that a sorted list of distinct boundaries (SQL expressions) makes: one more than there are boundaries. */
export function rangesBetween(column: string, boundaryList: readonly string[]): RowRange[] {
  const name = quoteIdentifier(column);
  const edges = [undefined, ...boundaryList, undefined];
  return edges.slice(0, -1).map((lower, index) => {
    const upper = edges[index + 1];
    const parts = [
      ...(lower === undefined ? [] : [`${name} >= ${lower}`]),
      ...(upper === undefined ? [] : [`${name} < ${upper}`]),
    ];
    return { condition: parts.length === 0 ? 'true' : parts.join(' AND ') };
  });
}

function boundaries(bounds: KeyBounds, count: number): string[] {
  if (bounds.type.kind === 'float') return floatBoundaries(bounds, count);
  const line = bounds.type.kind === 'uuid' ? uuids : integers;
  const min = line.toNumber(bounds.min);
  const width = line.toNumber(bounds.max) - min;
  const cuts = new Set<bigint>();
  for (let index = 1n; index < BigInt(count); index++) {
    const cut = min + (width * index) / BigInt(count);
    if (cut > min) cuts.add(cut);
  }
  return [...cuts].map(line.toLiteral);
}

function floatBoundaries(bounds: KeyBounds, count: number): string[] {
  const min = Number(bounds.min);
  const max = Number(bounds.max);
  // Infinity and NaN as keys leave no width to divide: they are rare enough for one range.
  if (!Number.isFinite(min) || !Number.isFinite(max)) return [];
  const cuts = Array.from({ length: count - 1 }, (_, index) => min + (max - min) * ((index + 1) / count));
  return [...new Set(cuts)]
    .filter((cut) => cut > min && Number.isFinite(cut))
    .map((cut) => `${quoteLiteral(String(cut))}::float8`);
}

/** Gives neighbouring ranges to the same shard. There are no more shards than ranges. */
export function dealOut(ranges: readonly RowRange[], shards: number): Shard[] {
  const count = Math.min(shards, ranges.length);
  return Array.from({ length: count }, (_, index) => ({
    number: index + 1,
    ranges: ranges.slice((ranges.length * index) / count, (ranges.length * (index + 1)) / count),
  }));
}
