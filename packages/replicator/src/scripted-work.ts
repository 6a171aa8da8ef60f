import { runScript } from './prepare.js';
import type { ChangeScript } from './script.js';
import type { TransactionPart } from './transactions.js';
import type { Work, WorkQueue } from './work-queue.js';

/**
 * What comes from the queue, as the script wants it written.
 *
 * Where the script allows it, the next batch is with the script while the last one is being written: it works in a thread of
 * its own. What fails then is heard of when that batch is asked for, so that everything before it is written.
 */
export class ScriptedWork {
  readonly #queue: WorkQueue;
  readonly #script: ChangeScript | undefined;
  #ahead: Promise<Work | 'idle' | undefined> | undefined;

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
      this.#ahead = begun(this.#next(idleMs));
    return work;
  }

  async #next(idleMs: number): Promise<Work | 'idle' | undefined> {
    const work = await this.#queue.take(idleMs);
    if (this.#script === undefined || work === undefined || work === 'idle') return work;
    if (work.kind === 'batch')
      return { kind: 'batch', transactions: await runScript(work.transactions, this.#script) };
    return work.kind === 'large' ? { kind: 'large', parts: scriptedParts(work.parts, this.#script) } : work;
  }
}

async function* scriptedParts(
  parts: AsyncIterable<TransactionPart>,
  script: ChangeScript,
): AsyncGenerator<TransactionPart> {
  const iterator = parts[Symbol.asyncIterator]();
  const take = async (): Promise<TransactionPart | undefined> => {
    const next = await iterator.next();
    if (next.done === true) return undefined;
    const [scripted] = await runScript([next.value], script);
    return scripted;
  };
  let ahead: ReturnType<typeof take> | undefined;
  for (;;) {
    const part = await (ahead ?? take());
    if (part === undefined) return;
    ahead = script.mayRunAhead ? begun(take()) : undefined;
    yield part;
  }
}

/** Who never asks for the result, because something before it failed, need not hear of its failure. */
function begun<Result>(work: Promise<Result>): Promise<Result> {
  void work.catch(() => undefined);
  return work;
}
