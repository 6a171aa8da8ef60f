import { createServer } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { TsmoltError } from './errors.js';

export interface LocalHttpServer {
  /** `host:port` that is really listened on. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves HTTP beside a run, for those who watch it. It never keeps a finished run alive.
 *
 * @param address `host:port`; `:port` listens on all interfaces
 * @throws TsmoltError `TSM1001` when the address cannot be listened on
 */
export async function serveHttp(address: string, listener: RequestListener): Promise<LocalHttpServer> {
  const server = createServer(listener);
  await listen(server, address);
  server.unref();
  const { address: host, port } = server.address() as AddressInfo;
  return { address: `${host}:${port}`, close: () => close(server) };
}

function listen(server: Server, address: string): Promise<void> {
  const { host, port } = parseListenAddress(address);
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new TsmoltError('TSM1001', {
          message: `cannot listen on ${address}: ${cause.code ?? cause.message}`,
          advice: 'Give another address, for example 127.0.0.1:0 for any free port.',
          cause,
        }),
      );
    });
    server.listen({ port, host }, resolve);
  });
}

function parseListenAddress(address: string): { host: string; port: number } {
  const match = /^(.*):(\d{1,5})$/.exec(address);
  const port = Number(match?.[2]);
  if (match === null || port > 65_535) {
    throw new TsmoltError('TSM1001', {
      message: `"${address}" is not an address to listen on`,
      advice: 'Write host:port, for example 127.0.0.1:3030.',
    });
  }
  const host = match[1]?.replace(/^\[(.*)\]$/, '$1');
  return { host: host === undefined || host === '' ? '0.0.0.0' : host, port };
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
