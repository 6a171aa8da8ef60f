import type { ApplyTransaction, Memos } from '@tsmolt/core';
import type { HeldLeases } from './held-leases.js';
import { takenOver } from './lease.js';
import type { StagingDatabase } from './staging-database.js';

/** The table `memo`. */
export class PgwireMemos implements Memos {
  readonly #database: StagingDatabase;
  readonly #leases: HeldLeases;

  constructor(database: StagingDatabase, leases: HeldLeases) {
    this.#database = database;
    this.#leases = leases;
  }

  async loadMemo(key: string): Promise<string | undefined> {
    const rows = await this.#database.query<{ value: string }>(
      `SELECT convert_from(value, 'UTF8') AS value FROM ${this.#table} WHERE key = $1`,
      [key],
    );
    return rows[0]?.value;
  }

  async memos(): Promise<ReadonlyMap<string, string>> {
    const rows = await this.#database.query<{ key: string; value: string }>(
      `SELECT key, convert_from(value, 'UTF8') AS value FROM ${this.#table}`,
      [],
    );
    return new Map(rows.map(({ key, value }) => [key, value]));
  }

  /** The memo of a lease is saved and fenced in one statement: each batch that is written waits for it. */
  async saveMemo(key: string, value: string, within?: ApplyTransaction): Promise<void> {
    const query = this.#database.through(within);
    const nonce = this.#leases.nonceOf(key);
    const [into, overwritten] = [
      `INSERT INTO ${this.#table} (key, value)`,
      'ON CONFLICT (key) DO UPDATE SET value = excluded.value RETURNING 1 AS saved',
    ];
    const row = `$1::TEXT, convert_to($2::TEXT, 'UTF8')`;
    const leases = this.#database.quote('leases');
    const saved =
      nonce === undefined
        ? await query(`${into} VALUES (${row}) ${overwritten}`, [key, value])
        : await query(
            `${into} SELECT ${row} FROM ${leases} WHERE name = $1::TEXT AND nonce = $3::UUID FOR SHARE ${overwritten}`,
            [key, value, nonce],
          );
    if (saved.length === 0) throw takenOver(key);
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
