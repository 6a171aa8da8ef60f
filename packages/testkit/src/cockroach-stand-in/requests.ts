import { ExtendedRequests } from './extended-requests.js';
import { SimpleQueries } from './simple-queries.js';
import type { Surroundings } from './surroundings.js';
import { MessageWalker } from './wire/framing.js';
import { message } from './wire/messages.js';

/** COPY data, passwords, Terminate and CopyFail mean nothing to the stand-in. */
const passing: ReadonlySet<string> = new Set(['d', 'p', 'X', 'f']);

/** The way from the client to PostgreSQL. */
export class Requests {
  readonly #surroundings: Surroundings;
  readonly #simple: SimpleQueries;
  readonly #extended: ExtendedRequests;
  readonly #walker = new MessageWalker((type) => !passing.has(type));

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
    this.#simple = new SimpleQueries(surroundings);
    this.#extended = new ExtendedRequests(surroundings);
  }

  async take(chunk: Buffer): Promise<void> {
    const { toServer } = this.#surroundings.conversation;
    for (const piece of this.#walker.walk(chunk)) {
      if (piece.kind === 'bytes') toServer.push(piece.bytes);
      else await this.#message(piece.type, piece.body);
    }
    await toServer.flush();
  }

  async #message(type: string, body: Buffer): Promise<void> {
    switch (type) {
      case 'Q':
        return this.#simple.query(body.toString('utf8', 0, body.length - 1));
      case 'c':
        return this.#simple.copyDone();
      case 'P':
        return this.#extended.parse(body);
      case 'B':
        return this.#extended.bind(body);
      case 'E':
        return this.#extended.execute(body);
      case 'S':
        return this.#extended.sync();
      case 'F':
        return this.#surroundings.conversation.toServer.push(message(type, body));
      default:
        return this.#extended.other(type, body);
    }
  }
}
