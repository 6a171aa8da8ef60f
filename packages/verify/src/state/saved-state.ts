import type { ConnectionUrl, RowText, TableName } from '@tsmolt/core';
import type { VerifyOptions } from '../options.js';
import type { DifferentRow, RowCounts } from '../report.js';

/** What the state file holds. It names no user and no password; keys and named rows are data of the databases. */
export interface SavedState {
  readonly what: typeof stateFormat;
  readonly startedAt: string;
  readonly source: SavedDatabase;
  readonly target: SavedDatabase;
  readonly options: SavedOptions;
  readonly tables: readonly SavedTable[];
}

export const stateFormat = 'state of a tsmolt verification, version 1';

export interface SavedDatabase {
  readonly product: string;
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/** Options that decide what finished ranges mean, by their flags. */
export type SavedOptions = Readonly<Record<string, string | number | boolean>>;

export interface SavedTable {
  readonly table: TableName;
  readonly fingerprint: string;
  /** The keys that the table was cut at. */
  readonly bounds: readonly RowText[];
  /** First and last of each run of finished ranges, from 0. */
  readonly finished: readonly (readonly [number, number])[];
  readonly counts: RowCounts;
  readonly rows: readonly DifferentRow[];
}

export function savedDatabase(product: string, { host, port, database }: ConnectionUrl): SavedDatabase {
  return { product, host, port, database };
}

export function savedOptions(options: VerifyOptions): SavedOptions {
  return {
    'the table filters': options.filter.description,
    '--case-sensitive': options.caseSensitive,
    '--row-batch-size': options.rowBatchSize,
    '--named-rows': options.namedRows,
    '--redact-values': options.redactValues,
    '--live': options.live !== undefined,
  };
}

/** `[0, 1, 2, 5]` as `[[0, 2], [5, 5]]`. */
export function runsOf(numbers: Iterable<number>): [number, number][] {
  const runs: [number, number][] = [];
  for (const number of [...numbers].toSorted((left, right) => left - right)) {
    const last = runs.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs;
}

/** The reverse of `runsOf`. */
export function numbersOf(runs: readonly (readonly [number, number])[]): Set<number> {
  return new Set(
    runs.flatMap(([first, last]) => Array.from({ length: last - first + 1 }, (_, index) => first + index)),
  );
}
