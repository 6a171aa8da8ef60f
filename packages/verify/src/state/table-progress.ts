import type { RowText, TableName } from '@tsmolt/core';
import type { Findings } from '../findings.js';
import { addCounts, noRows } from '../report.js';
import type { DifferentRow, RowCounts } from '../report.js';
import { numbersOf, runsOf } from './saved-state.js';
import type { SavedTable } from './saved-state.js';

export interface TableProgressOptions {
  readonly table: TableName;
  readonly fingerprint: string;
  readonly namedRows: number;
  /** What an earlier run left. */
  readonly saved?: SavedTable;
  /** Called when there is something new to note. */
  readonly changed: () => void;
}

/** Which ranges of a table are finished, and what was found in them. */
export class TableProgress {
  readonly #options: TableProgressOptions;
  readonly #finished: Set<number>;
  readonly #rows: DifferentRow[];
  #bounds: readonly RowText[] | undefined;
  #counts: RowCounts;

  constructor(options: TableProgressOptions) {
    const { saved } = options;
    this.#options = options;
    this.#bounds = saved?.bounds;
    this.#finished = numbersOf(saved?.finished ?? []);
    this.#counts = saved?.counts ?? noRows;
    this.#rows = [...(saved?.rows ?? [])];
  }

  /** The keys that the table is cut at: those of the earlier run, where there was one. */
  async bounds(find: () => Promise<readonly RowText[]>): Promise<readonly RowText[]> {
    this.#bounds ??= await find();
    this.#options.changed();
    return this.#bounds;
  }

  get counts(): RowCounts {
    return this.#counts;
  }

  get rows(): readonly DifferentRow[] {
    return this.#rows;
  }

  get finishedRanges(): number {
    return this.#finished.size;
  }

  isFinished(range: number): boolean {
    return this.#finished.has(range);
  }

  finish(range: number, findings: Findings): void {
    this.#finished.add(range);
    this.#counts = addCounts(this.#counts, findings.counts());
    this.#rows.push(...findings.rows.slice(0, this.#options.namedRows - this.#rows.length));
    this.#options.changed();
  }

  /** Undefined for a table that nobody has begun with. */
  save(): SavedTable | undefined {
    if (this.#bounds === undefined) return undefined;
    const { table, fingerprint } = this.#options;
    return {
      table,
      fingerprint,
      bounds: this.#bounds,
      finished: runsOf(this.#finished),
      counts: this.#counts,
      rows: this.#rows,
    };
  }
}
