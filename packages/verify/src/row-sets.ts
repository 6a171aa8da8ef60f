import type { HashedSet, KeyRange, Logger, LogicalType, RowSet, RowText } from '@tsmolt/core';
import type { Findings } from './findings.js';
import { meaningOf } from './meaning.js';
import type { LiveOptions } from './options.js';
import type { Comparison, Side } from './plan-comparison.js';
import type { Limits } from './statement-limits.js';

/** Of one table. */
export interface TableWork extends Limits {
  readonly comparison: Comparison;
  readonly signal: AbortSignal;
  readonly live: LiveOptions | undefined;
  /** Its lines name the table. */
  readonly logger: Logger;
}

export interface RangeWork extends TableWork {
  readonly range: KeyRange;
  /** About so many rows are in the range. */
  readonly rows: number;
  readonly findings: Findings;
}

/** @param signal ends the statement */
export function hashedSet(
  comparison: Comparison,
  side: Side,
  range: KeyRange,
  signal: AbortSignal,
): HashedSet {
  return {
    table: side.name === 'source' ? side.pair.source : side.pair.target,
    key: side.key,
    columns: side.hashed,
    algorithm: comparison.algorithm,
    range,
    signal,
    ...(side.condition === undefined ? {} : { condition: side.condition }),
  };
}

/** The rows of a range, to cut it by the part of the key that can be cut by. */
export function cuttableSet({ source }: Comparison, range: KeyRange, signal: AbortSignal): RowSet {
  return {
    table: source.pair.source,
    key: source.rangeKey,
    range,
    signal,
    ...(source.condition === undefined ? {} : { condition: source.condition }),
  };
}

/** Values as one string: unambiguous, whatever they hold, and the same however an engine prints them. */
export function idOf(values: RowText, types: readonly LogicalType[]): string {
  return JSON.stringify(
    values.map((value, index) => {
      const type = types[index];
      return value === null || type === undefined ? value : meaningOf(value, type);
    }),
  );
}
