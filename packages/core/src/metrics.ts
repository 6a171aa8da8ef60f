import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Registry } from 'prom-client';
import { TsmoltError } from './errors.js';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface MetricsServer {
  /** `host:port` that is really listened on. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Serves `http://{address}/metrics` in Prometheus' text format.
 *
 * @param address `host:port`; `:port` listens on all interfaces
 * @throws TsmoltError `TSM1001` when the address cannot be listened on
 */
export async function serveMetrics(registry: Registry, address: string): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
  await listen(server, address);
  // A scrape must never keep a finished run alive.
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
