import type { HashedSet, KeyRange, LogicalType, RowText } from '@tsmolt/core';
import { meaningOf } from './meaning.js';
import type { NamedRows } from './named-rows.js';
import type { Comparison, Side } from './plan-comparison.js';

/** Of one table. */
export interface TableWork {
  readonly comparison: Comparison;
  readonly signal: AbortSignal;
  /** Runs a statement when the server may take another one, and again when its connection was lost. */
  readonly limited: <Result>(side: Side['name'], work: () => Promise<Result>) => Promise<Result>;
  /** Runs what holds rows of both sides in memory when there is room for them. */
  readonly holding: <Result>(work: () => Promise<Result>) => Promise<Result>;
  readonly named: NamedRows;
  /** Show hashes in the place of values. */
  readonly redact: boolean;
}

export interface RangeWork extends TableWork {
  readonly range: KeyRange;
}

export function hashedSet({ comparison, signal }: TableWork, side: Side, range: KeyRange): HashedSet {
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

/** Values as one string: unambiguous, whatever they hold, and the same however an engine prints them. */
export function idOf(values: RowText, types: readonly LogicalType[]): string {
  return JSON.stringify(
    values.map((value, index) => {
      const type = types[index];
      return value === null || type === undefined ? value : meaningOf(value, type);
    }),
  );
}
