import { stoppedOnRequest } from './errors.js';

interface Waiting {
  readonly bytes: number;
  readonly grant: () => void;
}

/**
 * The bytes that all buffers of a run may hold together (`--max-memory`). Work reserves what it may need before it begins
 * and waits while others hold too much.
 *
 * Requests are served in the order in which they came. One that is larger than the whole budget is granted when nothing
 * else is held: the work must go on, and it goes on alone.
 */
export class MemoryBudget {
  readonly #limit: number;
  #held = 0;
  readonly #waiting: Waiting[] = [];

  constructor(limitBytes: number) {
    this.#limit = limitBytes;
  }

  /**
   * Runs `work` while the bytes are reserved for it. Work must not reserve again inside: two such could wait for each
   * other.
   *
   * @throws TsmoltError `TSM1005` when the signal fires while it waits
   */
  async hold<T>(bytes: number, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    await this.#reserve(bytes, signal);
    try {
      return await work();
    } finally {
      this.#held -= bytes;
      this.#serve();
    }
  }

  #reserve(bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        reject(stoppedOnRequest());
        this.#serve();
      };
      const waiting: Waiting = {
        bytes,
        grant: () => {
          signal.removeEventListener('abort', leave);
          resolve();
        },
      };
      if (signal.aborted) return reject(stoppedOnRequest());
      signal.addEventListener('abort', leave, { once: true });
      this.#waiting.push(waiting);
      this.#serve();
    });
  }

  #serve(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      if (this.#held > 0 && this.#held + first.bytes > this.#limit) return;
      this.#waiting.shift();
      this.#held += first.bytes;
      first.grant();
    }
  }
}
