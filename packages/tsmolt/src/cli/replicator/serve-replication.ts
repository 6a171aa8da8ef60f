import type { ServerResponse } from 'node:http';
import { serveHttp } from '@tsmolt/core';
import type { LocalHttpServer } from '@tsmolt/core';
import type { ReplicationMetrics, ReplicationState } from '@tsmolt/replicator';

/**
 * Serves what the reference serves (manual, "MOLT Replicator Metrics"): `/_/varz` for Prometheus, `/_/healthz` for whoever
 * restarts what is ill, `/_/diag` for people.
 *
 * @param address `[host]:port`
 * @throws TsmoltError `TSM1001` when the address cannot be listened on
 */
export function serveReplication(
  address: string,
  { metrics, state }: { readonly metrics: ReplicationMetrics; readonly state: ReplicationState },
): Promise<LocalHttpServer> {
  return serveHttp(address, (request, response) => {
    const path = request.url?.split('?')[0];
    if (path === '/_/varz') void sendMetrics(metrics, response);
    else if (path === '/_/healthz') sendHealth(state, response);
    else if (path === '/_/diag') {
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(`${JSON.stringify(state, undefined, 2)}\n`);
    } else response.writeHead(404).end();
  });
}

async function sendMetrics({ registry }: ReplicationMetrics, response: ServerResponse): Promise<void> {
  try {
    const text = await registry.metrics();
    response.writeHead(200, { 'content-type': registry.contentType }).end(text);
  } catch {
    response.writeHead(500).end();
  }
}

/** Ill while it waits for a server: who asks can tell a stream that stands still from one that has nothing to do. */
function sendHealth({ phase, reason }: ReplicationState, response: ServerResponse): void {
  if (phase === 'waiting') response.writeHead(503).end(`${reason ?? 'waiting'}\n`);
  else response.writeHead(200).end('OK\n');
}
