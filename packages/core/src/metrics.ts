import type { Registry } from 'prom-client';
import { serveHttp } from './local-http-server.js';
import type { LocalHttpServer } from './local-http-server.js';

export { Counter, Gauge, Histogram, Registry } from 'prom-client';

/**
 * Serves `http://{address}/metrics` in Prometheus' text format.
 *
 * @param address `host:port`; `:port` listens on all interfaces
 * @throws TsmoltError `TSM1001` when the address cannot be listened on
 */
export function serveMetrics(registry: Registry, address: string): Promise<LocalHttpServer> {
  return serveHttp(address, (request, response) => {
    if (request.url !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': registry.contentType }).end(text),
      () => response.writeHead(500).end(),
    );
  });
}
