import type { DifferentRow } from './report.js';

/** The first differing rows of a table, up to a number. */
export class NamedRows {
  readonly rows: DifferentRow[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get wanted(): boolean {
    return this.rows.length < this.#limit;
  }

  add(row: DifferentRow): void {
    if (this.wanted) this.rows.push(row);
  }
}
