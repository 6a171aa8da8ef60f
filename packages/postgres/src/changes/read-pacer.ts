import type { Flow } from '@tsmolt/core';

/** From so many bytes a millisecond on, single messages are waited for together. */
const busyBytes = 4096;
const intervalMs = 1;

/**
 * Reads a busy socket once in a millisecond instead of once for each message.
 *
 * The server hands every message to the network by itself. A reader that is awake at once reads each of them by itself too:
 * a turn of the event loop, a buffer and, on the server's side, somebody to be woken, for every row. What it does not read
 * yet the kernel puts together.
 */
export class ReadPacer {
  readonly #flow: Flow;
  readonly #now: () => number;
  #since = 0;
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(flow: Flow, now: () => number = () => performance.now()) {
    this.#flow = flow;
    this.#now = now;
  }

  /** Told of each read of the socket. */
  read(bytes: number): void {
    if (this.#timer !== undefined) return;
    const now = this.#now();
    if (now - this.#since > intervalMs) {
      this.#since = now;
      this.#bytes = 0;
    }
    this.#bytes += bytes;
    if (this.#bytes < busyBytes) return;
    this.#flow.pause();
    this.#timer = setTimeout(() => this.#resume(), intervalMs);
  }

  /** Nothing is read any more. */
  stop(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#resume();
  }

  #resume(): void {
    this.#timer = undefined;
    this.#since = this.#now();
    this.#bytes = 0;
    this.#flow.resume();
  }
}
