import { TsmoltError } from '@tsmolt/core';
import type { ApplyTransaction } from '@tsmolt/core';

const statement =
  /^\s*(?:(savepoint)|rollback\s+(?:work\s+|transaction\s+)?to\s+(?:savepoint\s+)?|(release)\s+(?:savepoint\s+)?)\s*("(?:[^"]|"")+"|[\p{L}_][\p{L}\p{N}_$]*)\s*;?\s*$/iu;

/** Thrown by the work of an attempt that the script wants undone. */
const undone = new Error('undone by the userscript');

interface Savepoint {
  readonly name: string;
  readonly keep: () => void;
  readonly undo: () => void;
  /** Rejects with `undone`, or where the server refuses. */
  readonly ended: Promise<void>;
}

/**
 * The savepoints of a script, as attempts of the transaction: it has to know what was undone, because it commits nothing
 * once a statement has failed outside of one.
 */
export class ScriptSavepoints {
  readonly #transaction: ApplyTransaction;
  readonly #open: Savepoint[] = [];

  constructor(transaction: ApplyTransaction) {
    this.#transaction = transaction;
  }

  /** @returns false for what is no statement about savepoints */
  async handle(sql: string): Promise<boolean> {
    const found = statement.exec(sql);
    if (found === null) return false;
    const [, savepoint, release, text = ''] = found;
    const name = text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text.toLowerCase();
    if (savepoint !== undefined) await this.#begin(name);
    else if (release === undefined) await this.#rollBackTo(name);
    else await this.#release(name);
    return true;
  }

  async keepAll(): Promise<void> {
    while (this.#open.length > 0) await this.#keepLast();
  }

  async undoAll(): Promise<void> {
    while (this.#open.length > 0) await this.#undoLast();
  }

  async #begin(name: string): Promise<void> {
    const { promise: begun, resolve: begin, reject: refuse } = promiseOf();
    const { promise: end, resolve: keep, reject } = promiseOf();
    const ended = this.#transaction.attempt(() => {
      begin();
      return end;
    });
    // Where the server refuses the savepoint itself; what comes later is for who ends it.
    ended.catch(refuse);
    await begun;
    this.#open.push({ name, keep, undo: () => reject(undone), ended });
  }

  async #rollBackTo(name: string): Promise<void> {
    const at = this.#find(name);
    while (this.#open.length > at) await this.#undoLast();
    await this.#begin(name);
  }

  async #release(name: string): Promise<void> {
    const at = this.#find(name);
    while (this.#open.length > at) await this.#keepLast();
  }

  #find(name: string): number {
    const at = this.#open.findLastIndex((savepoint) => savepoint.name === name);
    if (at === -1) throw noSuchSavepoint(name);
    return at;
  }

  async #keepLast(): Promise<void> {
    const last = this.#open.pop();
    last?.keep();
    await last?.ended;
  }

  async #undoLast(): Promise<void> {
    const last = this.#open.pop();
    last?.undo();
    await last?.ended.catch((thrown: unknown) => {
      if (thrown !== undone) throw thrown;
    });
  }
}

function noSuchSavepoint(name: string): TsmoltError {
  return new TsmoltError('TSM7006', {
    message: `there is no savepoint ${name}`,
    advice: 'Set it with SAVEPOINT in the same onWrite; what goes back to an earlier one forgets it.',
  });
}

function promiseOf(): {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
} {
  let resolve: () => void = () => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<void>((fulfil, refuse) => {
    resolve = fulfil;
    reject = refuse;
  });
  return { promise, resolve, reject };
}
