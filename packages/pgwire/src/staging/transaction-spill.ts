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

/** Behind the name of a transaction, that of the rows that say what of it was rolled back: one row each, without content. */
const rolledBackSuffix = '/rolled-back';

/** A row that is there if all of those rows are: only a crash of the server takes them away, and it takes all. */
const witness = -1;

/** Transactions that have not ended, in a table of the staging schema. */
export class PgwireTransactionSpill implements TransactionSpill {
  readonly #parts: SpillParts;
  /** Sets what is written now apart from what a process that has lost its lease still writes. */
  #opening = randomUUID();
  /** How many pieces each transaction has. */
  readonly #pieces = new Map<string, number>();
  /** The transactions that have parts which were rolled back. */
  readonly #partly = new Set<string>();

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

  async rollBack(transaction: string, parts: readonly number[]): Promise<void> {
    const { table, stream } = this.#parts;
    const first = !this.#partly.has(transaction);
    this.#partly.add(transaction);
    await this.#run(
      `INSERT INTO ${table} (stream, transaction, piece, content)
        SELECT $1::TEXT, $2::TEXT, p, convert_to('', 'UTF8') FROM unnest($3::INT8[]) AS p
        ON CONFLICT (stream, transaction, piece) DO NOTHING`,
      [stream, this.#keyOf(transaction + rolledBackSuffix), first ? [witness, ...parts] : parts],
    );
  }

  async rolledBack(transaction: string, among: readonly number[]): Promise<ReadonlySet<number>> {
    if (!this.#partly.has(transaction)) return new Set();
    const { table, stream } = this.#parts;
    const { rows } = await this.#run(
      `SELECT piece FROM ${table} WHERE stream = $1 AND transaction = $2 AND piece = ANY ($3::INT8[])`,
      [stream, this.#keyOf(transaction + rolledBackSuffix), [witness, ...among]],
    );
    const found = new Set((rows as { readonly piece: string }[]).map(({ piece }) => Number(piece)));
    if (!found.delete(witness)) throw gone(transaction);
    return found;
  }

  async drop(transaction: string): Promise<void> {
    this.#pieces.delete(transaction);
    await this.#forget(transaction);
    if (this.#partly.delete(transaction)) await this.#forget(transaction + rolledBackSuffix);
  }

  async clear(): Promise<void> {
    this.#pieces.clear();
    this.#partly.clear();
    this.#opening = randomUUID();
    await this.#delete('stream = $1', [this.#parts.stream]);
  }

  #forget(name: string): Promise<void> {
    return this.#delete('stream = $1 AND transaction = $2', [this.#parts.stream, this.#keyOf(name)]);
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
