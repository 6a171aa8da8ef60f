import { randomUUID } from 'node:crypto';
import type { ClientBase, QueryResult } from 'pg';
import { TsmoltError } from '@tsmolt/core';
import type { TransactionSpill } from '@tsmolt/core';

export interface SpillParts {
  readonly stream: string;
  /** The quoted name of the table. */
  readonly table: string;
  /** Runs statements that may be repeated. */
  readonly use: <Result>(work: (client: ClientBase) => Promise<Result>) => Promise<Result>;
}

/** Pieces that one statement deletes: few enough that it does not keep others waiting for long. */
const piecesAtOnce = 100;

/** Transactions that have not ended, in a table of the staging schema. */
export class PgwireTransactionSpill implements TransactionSpill {
  readonly #parts: SpillParts;
  /** Sets what is written now apart from what a process that has lost its lease still writes. */
  #opening = randomUUID();
  /** How many pieces each transaction has. */
  readonly #pieces = new Map<string, number>();

  constructor(parts: SpillParts) {
    this.#parts = parts;
  }

  async append(transaction: string, content: Uint8Array): Promise<void> {
    const { table, stream } = this.#parts;
    const piece = this.#pieces.get(transaction) ?? 0;
    this.#pieces.set(transaction, piece + 1);
    await this.#run(
      `INSERT INTO ${table} (stream, transaction, piece, content) VALUES ($1, $2, $3, $4)
        ON CONFLICT (stream, transaction, piece) DO NOTHING`,
      [stream, this.#keyOf(transaction), piece, content],
    );
  }

  async *read(transaction: string): AsyncIterable<Buffer> {
    const { table, stream } = this.#parts;
    const sql = `SELECT content FROM ${table} WHERE stream = $1 AND transaction = $2 AND piece = $3`;
    const count = this.#pieces.get(transaction) ?? 0;
    const key = this.#keyOf(transaction);
    for (let piece = 0; piece < count; piece++) {
      const { rows } = await this.#run(sql, [stream, key, piece]);
      const [row] = rows as { readonly content: Buffer }[];
      if (row === undefined) throw gone(transaction);
      yield row.content;
    }
  }

  async drop(transaction: string): Promise<void> {
    this.#pieces.delete(transaction);
    await this.#delete('stream = $1 AND transaction = $2', [this.#parts.stream, this.#keyOf(transaction)]);
  }

  async clear(): Promise<void> {
    this.#pieces.clear();
    this.#opening = randomUUID();
    await this.#delete('stream = $1', [this.#parts.stream]);
  }

  async #delete(condition: string, values: readonly unknown[]): Promise<void> {
    const { table } = this.#parts;
    const some = `SELECT transaction, piece FROM ${table} WHERE ${condition} LIMIT ${piecesAtOnce}`;
    const sql = `DELETE FROM ${table} WHERE stream = $1 AND (transaction, piece) IN (${some})`;
    for (let deleted = piecesAtOnce; deleted === piecesAtOnce;)
      deleted = (await this.#run(sql, values)).rowCount ?? 0;
  }

  #keyOf(transaction: string): string {
    return `${transaction}/${this.#opening}`;
  }

  #run(sql: string, values: readonly unknown[]): Promise<QueryResult> {
    return this.#parts.use((client) => client.query(sql, [...values]));
  }
}

/** Unlogged tables are empty after a crash of the server, and on a standby that took its place. */
function gone(transaction: string): TsmoltError {
  return new TsmoltError('TSM2007', {
    message: `what was kept of transaction ${transaction} of the source is gone: has the staging database crashed?`,
    advice: 'It is read from the source again.',
  });
}
