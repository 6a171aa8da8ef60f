/** Rows that may be parked at a time, over all tables. */
const rowsAtATime = 200_000;

/** What goes on beside the comparison of other ranges. */
export interface Settling {
  readonly end: Promise<void>;
}

/**
 * Rows that wait to be read again keep no range from being compared, until so many wait that they would fill the memory:
 * then who parks more waits for them.
 */
export class Parking {
  #rows = 0;

  /** @returns when the caller may go on; `end` is when the rows are settled */
  async settle(rows: number, work: () => Promise<void>): Promise<Settling> {
    this.#rows += rows;
    const end = work().finally(() => (this.#rows -= rows));
    if (this.#rows > rowsAtATime) await end;
    // Whoever gets it awaits it; until then a failure must not end the process.
    end.catch(() => undefined);
    return { end };
  }
}
