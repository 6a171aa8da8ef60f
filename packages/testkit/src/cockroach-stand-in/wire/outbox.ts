import { once } from 'node:events';
import type { Socket } from 'node:net';

/** Collects what is to be written to a socket, so that many small messages leave in one write, and honours its backpressure. */
export class Outbox {
  readonly #socket: Socket;
  #pieces: Buffer[] = [];

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  push(bytes: Buffer): void {
    this.#pieces.push(bytes);
  }

  /** Resolves when the socket takes more. What is written to a closed socket is lost, as on any network. */
  async flush(): Promise<void> {
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    this.#pieces = [];
    const [only] = pieces;
    const taken = this.#socket.write(
      pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces),
    );
    if (!taken && !this.#socket.destroyed) await drained(this.#socket);
  }
}

async function drained(socket: Socket): Promise<void> {
  const waiting = new AbortController();
  try {
    await Promise.race([
      once(socket, 'drain', { signal: waiting.signal }),
      once(socket, 'close', { signal: waiting.signal }),
    ]);
  } finally {
    waiting.abort();
  }
}
