import type { PgoutputDecoder } from './pgoutput.js';
import type { StreamedTransactions } from './streamed-transactions.js';

export interface IntakeParts {
  readonly decoder: PgoutputDecoder;
  readonly transactions: StreamedTransactions;
  /** The connection: no more is read from it while something takes time. */
  readonly tap: { pause(): void; resume(): void };
  /** What failed later than when it was given. Nothing is taken after it. */
  readonly fail: (failure: unknown) => void;
  /** Fired, nothing more is taken either. */
  readonly signal: AbortSignal;
}

type Step = () => Promise<void> | undefined;

/**
 * Messages and keepalives in the order in which they came, also where one of them takes time. What the connection has
 * read already then waits here: what one read of the socket brings.
 */
export class MessageIntake {
  readonly #parts: IntakeParts;
  #waiting: Step[] = [];
  #busy = false;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /** @throws what the message is refused with */
  message(bytes: Buffer, offset: number): void {
    const { transactions } = this.#parts;
    if (this.#busy) {
      this.#waiting.push(() => transactions.take(bytes, offset));
      return;
    }
    const work = transactions.take(bytes, offset);
    if (work !== undefined) void this.#follow(work);
  }

  heartbeat(position: bigint, at: number): void {
    if (this.#busy) this.#waiting.push(() => this.#beat(position, at));
    else this.#beat(position, at);
  }

  #beat(position: bigint, at: number): undefined {
    // What the server has read of its log, it has sent all commits of: but it is still about to send this block.
    if (!this.#parts.transactions.inBlock) this.#parts.decoder.heartbeat(position, at);
  }

  async #follow(work: Promise<void>): Promise<void> {
    const { tap, fail, signal } = this.#parts;
    this.#busy = true;
    tap.pause();
    try {
      await work;
      while (this.#waiting.length > 0) {
        const steps = this.#waiting;
        this.#waiting = [];
        for (const step of steps) {
          if (signal.aborted) return;
          await step();
        }
      }
    } catch (thrown) {
      fail(thrown);
      return;
    }
    this.#busy = false;
    tap.resume();
  }
}
