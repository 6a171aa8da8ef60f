import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Readable } from 'node:stream';
import { Secret, TsmoltError } from '@tsmolt/core';
import type { ObjectStore } from '@tsmolt/core';
import { parseListenAddress, urlAuthority } from './listen-address.js';
import type { ListenAddress } from './listen-address.js';
import { LocalDirectory } from './local-directory.js';
import { checkedKey } from './object-key.js';
import { newToken, serveFiles } from './served-files.js';

export interface LocalFileServerOptions {
  readonly directory: string;
  /** `host:port`; port 0 lets the system choose. */
  readonly listenAddr: string;
  /** `host:port` that the cluster reaches the server by; without it, the one that it listens on. */
  readonly accessAddr?: string | undefined;
}

const listenFlag = '--local-path-listen-addr';
const accessFlag = '--local-path-crdb-access-addr';

/**
 * A directory whose files a cluster fetches over HTTP.
 *
 * Whoever reaches the port can only read what he knows the URL of: each run makes up a token that stands before every
 * key, and there are no listings.
 */
export class LocalFileServer implements ObjectStore {
  readonly description: string;
  readonly bufferBytes: number;
  readonly #directory: LocalDirectory;
  readonly #server: Server;
  readonly #base: Secret;

  private constructor(directory: LocalDirectory, server: Server, base: Secret) {
    this.#directory = directory;
    this.#server = server;
    this.#base = base;
    this.bufferBytes = directory.bufferBytes;
    // Without the address: a fetch that goes on may be served at another one.
    this.description = directory.description;
  }

  /** @throws TsmoltError `TSM1001` when the addresses cannot be read, or the first not be listened on */
  static async listen(options: LocalFileServerOptions): Promise<LocalFileServer> {
    const address = parseListenAddress(options.listenAddr, listenFlag);
    const access =
      options.accessAddr === undefined ? undefined : parseListenAddress(options.accessAddr, accessFlag);
    if (access?.host === '') throw withoutHost(options.accessAddr ?? '');
    const directory = new LocalDirectory(options.directory);
    const token = newToken();
    const server = createServer(serveFiles(directory.root, token));
    await listening(server, address, options.listenAddr);
    const { port } = server.address() as AddressInfo;
    const authority = urlAuthority(
      access ?? { host: address.host === '' ? 'localhost' : address.host, port },
    );
    const base = new Secret(`http://${authority}/${token.reveal()}/`);
    return new LocalFileServer(directory, server, base);
  }

  put(key: string, data: Readable, signal: AbortSignal): Promise<number> {
    return this.#directory.put(key, data, signal);
  }

  get(key: string, signal?: AbortSignal): Promise<Readable> {
    return this.#directory.get(key, signal);
  }

  list(prefix: string): Promise<string[]> {
    return this.#directory.list(prefix);
  }

  delete(key: string): Promise<void> {
    return this.#directory.delete(key);
  }

  serverUrl(key: string): Secret {
    const path = checkedKey(key, this.#directory.root).split('/').map(encodeURIComponent).join('/');
    return new Secret(this.#base.reveal() + path);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    await new Promise((resolve) => {
      this.#server.close(resolve);
      // A cluster keeps its connections for the next file; they would not end by themselves.
      this.#server.closeAllConnections();
    });
  }
}

async function listening(server: Server, { host, port }: ListenAddress, text: string): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ port, ...(host === '' ? {} : { host }) }, resolve);
    });
  } catch (cause) {
    throw new TsmoltError('TSM1001', {
      message: `cannot listen on ${listenFlag} ${text}: ${cause instanceof Error ? cause.message : String(cause)}`,
      advice: 'Choose a port that is free and an address of this machine.',
      cause,
    });
  }
}

function withoutHost(text: string): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `${accessFlag} names no host: ${text}`,
    advice: 'Name the host by which the cluster reaches this machine, such as 10.0.0.5:3000.',
  });
}
