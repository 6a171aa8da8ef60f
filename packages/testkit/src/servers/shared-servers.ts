import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startAzurite } from './azurite.js';
import { startMariadb } from './mariadb.js';
import { startMysql } from './mysql.js';
import { startPostgres15, startPostgres18 } from './postgres.js';
import type { RunningServer, ServerAddress } from './running-server.js';
import { startS3 } from './s3.js';

const starters = {
  postgres18: () => startPostgres18(),
  postgres15: () => startPostgres15(),
  mysql: () => startMysql(),
  mariadb: () => startMariadb(),
  s3: () => startS3(),
  azurite: () => startAzurite(),
} as const;

export type SharedServerName = keyof typeof starters;

/** What the test process answers when a test file asks for a server. */
export type SharedServerAnswer = { readonly server: ServerAddress } | { readonly error: string };

/**
 * Servers that all test files of a run share, each started when the first test asks for it, over HTTP on 127.0.0.1:
 * test files run in processes of their own.
 */
export class SharedServers {
  readonly #started = new Map<SharedServerName, Promise<RunningServer>>();
  readonly #listener = createServer((request, response) => {
    void this.#answer(request.url?.slice(1) ?? '').then((answer) => response.end(JSON.stringify(answer)));
  });

  /** @returns the address that test files ask, by `GET <address>/<name>` */
  async listen(): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#listener.once('error', reject).listen(0, '127.0.0.1', resolve);
    });
    return `http://127.0.0.1:${(this.#listener.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#listener.close();
    this.#listener.closeAllConnections();
    const settled = await Promise.allSettled(this.#started.values());
    await Promise.all(
      settled.map(async (one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)),
    );
  }

  async #answer(name: string): Promise<SharedServerAnswer> {
    try {
      if (!isSharedServerName(name)) throw new Error(`there is no shared server "${name}"`);
      const { product, version, url, tls } = await this.#server(name);
      return { server: { product, version, url, tls } };
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) };
    }
  }

  #server(name: SharedServerName): Promise<RunningServer> {
    const started = this.#started.get(name) ?? starters[name]();
    this.#started.set(name, started);
    return started;
  }
}

function isSharedServerName(name: string): name is SharedServerName {
  return Object.hasOwn(starters, name);
}
