import { asTsmoltError } from '@tsmolt/core';
import type { LocalHttpServer, Logger } from '@tsmolt/core';

export interface SideServer {
  /** What is served, for messages. */
  readonly what: string;
  readonly flag: string;
  /** The user named the address: then it must be free. */
  readonly demanded: boolean;
}

/** HTTP servers that run beside a command, for those who watch it. */
export class SideServers {
  readonly #logger: Logger;
  readonly #servers: LocalHttpServer[] = [];

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  /** @throws TsmoltError `TSM1001` when an address that was demanded cannot be listened on */
  async start(serve: () => Promise<LocalHttpServer>, { what, flag, demanded }: SideServer): Promise<void> {
    try {
      const server = await serve();
      this.#servers.push(server);
      this.#logger.debug({ address: server.address }, `serving ${what}`);
    } catch (thrown) {
      if (demanded) throw thrown;
      this.#logger.warn(`no ${what} in this run: ${asTsmoltError(thrown).message} (choose another ${flag})`);
    }
  }

  async close(): Promise<void> {
    for (const server of this.#servers) await server.close();
  }
}
