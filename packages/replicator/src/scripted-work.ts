import { runScript } from './route/prepare.js';
import type { ChangeScript } from './script.js';
import type { SourceTransaction, TransactionPart } from './read/transactions.js';
import type { Work, WorkQueue } from './read/work-queue.js';

/**
 * What comes from the queue, as the script wants it written.
 *
 * Where the script allows it, the next batch is with the script while the last one is being written: it works in a thread of
 * its own. What fails then is heard of when that batch is asked for, so that everything before it is written.
 */
export class ScriptedWork {
  readonly #queue: WorkQueue;
  readonly #script: ChangeScript | undefined;
  readonly #begun = new Set<Promise<unknown>>();
  #ahead: Promise<Work | 'idle' | undefined> | undefined;
  #over = false;

  constructor(queue: WorkQueue, script: ChangeScript | undefined) {
    this.#queue = queue;
    this.#script = script;
  }

  /** As `WorkQueue.take`. */
  async take(idleMs: number): Promise<Work | 'idle' | undefined> {
    const work = await (this.#ahead ?? this.#next(idleMs));
    this.#ahead = undefined;
    // The parts of a large transaction have to be taken before anything else.
    if (this.#script?.mayRunAhead === true && typeof work === 'object' && work.kind === 'batch')
      this.#ahead = this.#begin(this.#next(idleMs));
    return work;
  }

  /**
   * Gives the script nothing more, and resolves when it has done what it was given. To be called where the changes will be
   * read once more, and when nothing comes out of the queue any more: the script would see later ones among them.
   */
  async end(): Promise<void> {
    this.#over = true;
    await Promise.allSettled(this.#begun);
  }

  async #next(idleMs: number): Promise<Work | 'idle' | undefined> {
    const work = await this.#queue.take(idleMs);
    if (this.#script === undefined || work === undefined || work === 'idle') return work;
    if (work.kind === 'batch')
      return { kind: 'batch', transactions: await this.#run(work.transactions, this.#script) };
    return work.kind === 'large' ? { kind: 'large', parts: this.#parts(work.parts, this.#script) } : work;
  }

  async *#parts(
    parts: AsyncIterable<TransactionPart>,
    script: ChangeScript,
  ): AsyncGenerator<TransactionPart> {
    const iterator = parts[Symbol.asyncIterator]();
    const take = async (): Promise<TransactionPart | undefined> => {
      const next = await iterator.next();
      if (next.done === true) return undefined;
      const [scripted] = await this.#run([next.value], script);
      return scripted;
    };
    let ahead: ReturnType<typeof take> | undefined;
    for (;;) {
      const part = await (ahead ?? take());
      if (part === undefined) return;
      ahead = script.mayRunAhead ? this.#begin(take()) : undefined;
      yield part;
    }
  }

  async #run<Part extends SourceTransaction | TransactionPart>(
    parts: readonly Part[],
    script: ChangeScript,
  ): Promise<Part[]> {
    if (this.#over) throw new Error('the writer has ended');
    return await runScript(parts, script);
  }

  /** Who never asks for the result, because something before it failed, need not hear of its failure. */
  #begin<Result>(work: Promise<Result>): Promise<Result> {
    this.#begun.add(work);
    const done = (): unknown => this.#begun.delete(work);
    void work.then(done, done);
    return work;
  }
}
