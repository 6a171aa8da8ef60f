import type { IncomingMessage, ServerResponse } from 'node:http';
import { Session } from 'node:inspector/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { IntervalHistogram } from 'node:perf_hooks';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { getHeapSnapshot } from 'node:v8';
import { serveHttp } from '@tsmolt/core';
import type { LocalHttpServer } from '@tsmolt/core';

const index = `tsmolt diagnostics
/debug/pprof/profile?seconds=30   CPU profile (open in Chrome DevTools: Performance)
/debug/pprof/heap                 heap snapshot (Memory); it holds whatever the process holds, passwords too
/debug/pprof/eventloop            delay of the event loop since the start, in milliseconds
/debug/pprof/memory               memory of the process, in bytes
`;

/**
 * Node's equivalents of what Go's pprof serves (`--pprof-listen-addr`), under pprof's paths.
 *
 * @throws TsmoltError `TSM1001` when the address cannot be listened on
 */
export async function serveProfiles(address: string): Promise<LocalHttpServer> {
  const eventLoop = monitorEventLoopDelay({ resolution: 20 });
  eventLoop.enable();
  const server = await serveHttp(address, (request, response) => {
    answer(request, response, eventLoop).catch((thrown: unknown) => response.destroy(thrown as Error));
  });
  return {
    address: server.address,
    close: () => {
      eventLoop.disable();
      return server.close();
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  eventLoop: IntervalHistogram,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  switch (url.pathname) {
    case '/debug/pprof/profile':
      return sendJson(response, await cpuProfile(secondsOf(url)), 'tsmolt.cpuprofile');
    case '/debug/pprof/heap':
      return sendHeap(response);
    case '/debug/pprof/eventloop':
      return sendJson(response, delays(eventLoop));
    case '/debug/pprof/memory':
      return sendJson(response, process.memoryUsage());
    case '/':
    case '/debug/pprof/':
      response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(index);
      return;
    default:
      response.writeHead(404).end(index);
  }
}

/** As pprof: 30 seconds unless asked otherwise. */
function secondsOf(url: URL): number {
  const seconds = Number(url.searchParams.get('seconds') ?? 30);
  return Number.isFinite(seconds) ? Math.min(Math.max(seconds, 0.1), 600) : 30;
}

async function cpuProfile(seconds: number): Promise<unknown> {
  const session = new Session();
  session.connect();
  try {
    await session.post('Profiler.enable');
    await session.post('Profiler.start');
    await delay(seconds * 1000, undefined, { ref: false });
    return (await session.post('Profiler.stop')).profile;
  } finally {
    session.disconnect();
  }
}

async function sendHeap(response: ServerResponse): Promise<void> {
  response.writeHead(200, attachment('application/json', 'tsmolt.heapsnapshot'));
  await pipeline(getHeapSnapshot(), response);
}

function sendJson(response: ServerResponse, body: unknown, fileName?: string): void {
  const type = 'application/json';
  response
    .writeHead(200, fileName === undefined ? { 'content-type': type } : attachment(type, fileName))
    .end(`${JSON.stringify(body)}\n`);
}

function attachment(type: string, fileName: string): Record<string, string> {
  return { 'content-type': type, 'content-disposition': `attachment; filename="${fileName}"` };
}

function delays(eventLoop: IntervalHistogram): Record<string, number> {
  const milliseconds = (nanoseconds: number): number => Math.round(nanoseconds / 1000) / 1000;
  return {
    min: milliseconds(eventLoop.min),
    mean: milliseconds(eventLoop.mean),
    p50: milliseconds(eventLoop.percentile(50)),
    p99: milliseconds(eventLoop.percentile(99)),
    max: milliseconds(eventLoop.max),
  };
}
