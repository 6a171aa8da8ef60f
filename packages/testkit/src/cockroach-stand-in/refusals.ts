import type { ServerError } from './wire/messages.js';

const marker = /crdb_stand_in_refusal_(\d+)/;

/**
 * Errors that CockroachDB raises and PostgreSQL does not. PostgreSQL is made to raise one that carries a number
 * (an unknown column of that name), and on the way back it is exchanged for the wanted one. So PostgreSQL itself keeps the
 * order of the answers, the state of the transaction, and what is skipped until the next Sync.
 */
export class Refusals {
  readonly #pending = new Map<number, ServerError>();
  #last = 0;

  /** A word that makes the error appear wherever PostgreSQL's own message repeats it. */
  mark(error: ServerError): string {
    this.#pending.set(++this.#last, error);
    return `crdb_stand_in_refusal_${this.#last}`;
  }

  /** A statement that fails with `error`, in either protocol: already when it is parsed. */
  statement(error: ServerError): string {
    return `SELECT ${this.mark(error)}`;
  }

  /** The error that a message of PostgreSQL stands for. */
  recall(message: string): ServerError | undefined {
    const number = Number(marker.exec(message)?.[1]);
    const error = this.#pending.get(number);
    this.#pending.delete(number);
    return error;
  }
}
