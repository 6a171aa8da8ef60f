import { createHash } from 'node:crypto';
import type { JudgedRow } from './judged-row.js';
import type { Comparison } from './plan-comparison.js';
import type { RepairSink } from './repair/repair-sink.js';
import { addCounts, noRows } from './report.js';
import type { DifferentRow, RowCounts } from './report.js';

export interface FindingsOptions {
  readonly comparison: Comparison;
  /** Rows that are named at most. */
  readonly namedRows: number;
  /** Show hashes in the place of values. */
  readonly redact: boolean;
  readonly repairs?: RepairSink;
}

const countOfKind = {
  missing: 'missing',
  mismatch: 'mismatch',
  extraneous: 'extraneous',
  'still changing': 'stillChanging',
} as const satisfies Record<DifferentRow['kind'], keyof RowCounts>;

/** What was found in a range: it counts when the whole range is finished, so that a range may be compared again. */
export class Findings {
  readonly rows: DifferentRow[] = [];
  readonly #options: FindingsOptions;
  #counts: RowCounts = noRows;

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  /** Whether the values of a row are of use, beside its key. */
  get wantsValues(): boolean {
    return this.#options.repairs !== undefined;
  }

  /** Rows of the source. A row that appeared or went while it was looked at counts for 1 or -1. */
  truth(rows: number): void {
    this.#counts = { ...this.#counts, truthRows: this.#counts.truthRows + rows };
  }

  readAgain(rows: number): void {
    this.#counts = { ...this.#counts, liveRetry: this.#counts.liveRetry + rows };
  }

  async differ(rows: readonly JudgedRow[]): Promise<void> {
    for (const row of rows) {
      const name = countOfKind[row.kind];
      this.#counts = { ...this.#counts, [name]: this.#counts[name] + 1 };
      if (this.rows.length < this.#options.namedRows) this.rows.push(this.#named(row));
    }
    await this.#options.repairs?.take(this.#options.comparison, rows);
  }

  /** What is neither missing nor different is equal. */
  counts(): RowCounts {
    const { truthRows, missing, mismatch, stillChanging } = this.#counts;
    // A source that is written to meanwhile may show more differences than it had rows.
    const equal = Math.max(0, truthRows - missing - mismatch - stillChanging);
    const conditional = this.#options.comparison.left.length > 0;
    return addCounts(this.#counts, { ...noRows, [conditional ? 'conditionalSuccess' : 'success']: equal });
  }

  #named({ kind, key, columns }: JudgedRow): DifferentRow {
    const shown = (value: string | null): string | null => (this.#options.redact ? hashed(value) : value);
    const names = this.#options.comparison.identityNames;
    return {
      kind,
      key: Object.fromEntries(names.map((name, index) => [name, shown(key[index] ?? null)])),
      columns: columns.map(({ name, source, target }) => ({
        name,
        source: shown(source),
        target: shown(target),
      })),
    };
  }
}

function hashed(value: string | null): string | null {
  if (value === null) return value;
  return `sha256:${createHash('sha256').update(value).digest('hex').slice(0, 16)}`;
}
