import { createServer } from 'node:net';
import type { AddressInfo, Server } from 'node:net';
import { ClientConnection } from './client-connection.js';
import type { StandInServices } from './surroundings.js';

/** Where clients connect to the stand-in, and all of those that are connected. */
export class ClientListener {
  readonly #services: StandInServices;
  readonly #clients = new Set<ClientConnection>();
  #listener: Server | undefined;
  /** The same one after each start. */
  #port = 0;
  #last = 0;

  constructor(services: StandInServices) {
    this.#services = services;
  }

  /** @returns the port on 127.0.0.1 */
  async start(): Promise<number> {
    const listener = createServer((socket) => {
      const client = new ClientConnection(this.#services, socket, ++this.#last);
      this.#clients.add(client);
      void client.serve().finally(() => this.#clients.delete(client));
    });
    await new Promise<void>((resolve, reject) => {
      listener.once('error', reject);
      listener.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#listener = listener;
    this.#port = (listener.address() as AddressInfo).port;
    return this.#port;
  }

  /** Breaks what is connected, without a word, and listens no more. */
  async kill(): Promise<void> {
    const listener = this.#listener;
    this.#listener = undefined;
    const closed = new Promise<void>((resolve) => {
      if (listener === undefined) resolve();
      else listener.close(() => resolve());
    });
    for (const client of this.#clients) client.destroy();
    await closed;
  }
}
