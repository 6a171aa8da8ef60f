import type { Flow } from '@tsmolt/core';

/** The flow from a connection to its reader: for the reader's queue, and for those who fill it from elsewhere. */
export class ReaderFlow implements Flow {
  readonly #connection: Flow;
  #room: Promise<void> | undefined;
  #open: (() => void) | undefined;

  constructor(connection: Flow) {
    this.#connection = connection;
  }

  pause(): void {
    this.#room = new Promise((resolve) => (this.#open = resolve));
    this.#connection.pause();
  }

  resume(): void {
    this.#connection.resume();
    this.open();
  }

  /** Where the reader has enough: resolves when it takes more. */
  ready(): Promise<void> | undefined {
    return this.#room;
  }

  /** Nobody needs to wait any longer: the reader takes more, or has gone. */
  open(): void {
    this.#open?.();
    this.#room = undefined;
  }
}
