import { TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction, Memos } from '@tsmolt/core';
import type { HeldLeases } from './held-leases.js';
import type { Query, StagingDatabase } from './staging-database.js';

/** The table `memo`. */
export class PgwireMemos implements Memos {
  readonly #database: StagingDatabase;
  readonly #leases: HeldLeases;
  /** By key, what a memo that was loaded can hold now: what was saved last may have been rolled back. */
  readonly #known = new Map<string, readonly string[]>();

  constructor(database: StagingDatabase, leases: HeldLeases) {
    this.#database = database;
    this.#leases = leases;
  }

  async loadMemo(key: string): Promise<string | undefined> {
    const rows = await this.#database.query<{ value: string }>(
      `SELECT convert_from(value, 'UTF8') AS value FROM ${this.#table} WHERE key = $1`,
      [key],
    );
    const value = rows[0]?.value;
    this.#known.set(key, value === undefined ? [] : [value]);
    return value;
  }

  async memos(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.query<{ key: string; value: string }>(
      `SELECT key, convert_from(value, 'UTF8') AS value FROM ${this.#table}`,
      [],
    );
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  async saveMemo(key: string, value: string, within?: ApplyTransaction): Promise<void> {
    const query = this.#database.through(within);
    const nonce = this.#leases.nonceOf(key);
    const row = `$1::TEXT, convert_to($2::TEXT, 'UTF8')`;
    if (nonce !== undefined)
      return this.#saveFenced(query, { key, value, nonce, row, alone: within === undefined });
    await query(
      `INSERT INTO ${this.#table} (key, value) VALUES (${row}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      [key, value],
    );
  }

  /**
   * The memo of a lease is saved and fenced in one statement: each batch that is written waits for it. It goes on from what
   * was loaded, or from nothing: a COMMIT whose connection was lost may happen later, behind the back of whoever repeats it.
   */
  async #saveFenced(query: Query, { key, value, nonce, row, alone }: FencedMemo): Promise<void> {
    const leases = this.#database.quote('leases');
    const known = this.#known.get(key);
    // Alone it is repeated where its answer was lost.
    const accepted = alone ? known?.concat(value) : known;
    const saved = await query(
      `INSERT INTO ${this.#table} AS m (key, value)
        SELECT ${row} FROM ${leases} WHERE name = $1::TEXT AND nonce = $3::UUID FOR SHARE
        ON CONFLICT (key) DO UPDATE SET value = excluded.value
        WHERE $4::TEXT[] IS NULL OR convert_from(m.value, 'UTF8') = ANY ($4::TEXT[]) RETURNING 1 AS saved`,
      [key, value, nonce, accepted ?? null],
    );
    if (saved.length === 0) {
      await this.#leases.fenceThrough(query);
      throw movedOn(key);
    }
    if (known !== undefined && known.at(-1) !== value) this.#known.set(key, [...known.slice(-1), value]);
  }

  /** Also for the proof, when it is not known yet whether transactions are shared. */
  async removeMemo(key: string, within?: ApplyTransaction): Promise<void> {
    const sql = `DELETE FROM ${this.#table} WHERE key = $1`;
    await (within === undefined ? this.#database.query(sql, [key]) : within.query(sql, [key]));
  }

  get #table(): string {
    return this.#database.quote('memo');
  }
}

interface FencedMemo {
  readonly key: string;
  readonly value: string;
  readonly nonce: string;
  /** The two as values of a row. */
  readonly row: string;
  /** Not within a transaction of the target. */
  readonly alone: boolean;
}

function movedOn(key: string): TsmoltError {
  return new TsmoltError('TSM4003', {
    message: `the checkpoint of ${key} is not where this process left it: a transaction whose outcome was unknown has been committed after all`,
    advice: 'It goes on from there.',
  });
}
