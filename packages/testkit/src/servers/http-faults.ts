import { createServer, request as httpRequest } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Transform } from 'node:stream';
import type { TransformCallback } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

/** What is to happen to a request instead of, or besides, reaching the server. */
export interface HttpFault {
  /** Only requests of this method. */
  readonly method?: string;
  /** Only requests whose path, with its query, matches. */
  readonly match?: RegExp;
  /** So many requests; 1 without it. `Infinity` until `clear()`. */
  readonly times?: number;
  /** The answer in the server's place, after the request's body has been read. */
  readonly answer?: HttpFaultAnswer;
  /** Resets the connection when so many bytes of the request's or of the answer's body have passed. */
  readonly cut?: { readonly in: 'request' | 'response'; readonly afterBytes: number };
  /** Waits before it forwards the request. */
  readonly delayMs?: number;
  /** The answer's body comes in pieces of so many bytes, with a pause before each. */
  readonly drip?: { readonly bytes: number; readonly everyMs: number };
}

export interface HttpFaultAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** A fault was waiting for it. */
  readonly faulty: boolean;
}

/** An HTTP proxy on 127.0.0.1 between a test's client and its server, for the failures of a service. */
export interface HttpFaults {
  readonly url: string;
  readonly port: number;
  /** In the order in which they came. */
  readonly requests: readonly SeenRequest[];
  /** Of several faults that wait for a request, the one that was added first has it. */
  failNext(fault: HttpFault): void;
  /** Forgets the faults that did not happen yet. */
  clear(): void;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

interface Waiting {
  readonly fault: HttpFault;
  left: number;
}

/** @param target the server's URL; only its host and port are used */
export async function startHttpFaults({ target }: { readonly target: string }): Promise<HttpFaults> {
  const requests: SeenRequest[] = [];
  const closing = new AbortController();
  let waiting: Waiting[] = [];
  const faultFor = (request: IncomingMessage): HttpFault | undefined => {
    const found = waiting.find(({ fault, left }) => left > 0 && isMeant(fault, request));
    if (found !== undefined) found.left--;
    return found?.fault;
  };

  const server = createServer((request, response) => {
    const fault = faultFor(request);
    requests.push({
      method: request.method ?? '',
      path: request.url ?? '',
      faulty: fault !== undefined,
    });
    // A delay that the end of the test cuts short has nothing to say any more.
    handle({ request, response, target, closing: closing.signal }, fault ?? {}).catch(() => undefined);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    closing.abort();
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  };
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    requests,
    failNext: (fault) => void waiting.push({ fault, left: fault.times ?? 1 }),
    clear: () => void (waiting = []),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** An error in the form of Amazon S3; Azure's clients take its code from the header. */
export function s3Error(status: number, code: string): HttpFaultAnswer {
  return {
    status,
    headers: { 'content-type': 'application/xml', 'x-ms-error-code': code },
    body: `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>a fault of the test</Message></Error>`,
  };
}

function isMeant({ method, match }: HttpFault, request: IncomingMessage): boolean {
  return (method === undefined || method === request.method) && (match?.test(request.url ?? '') ?? true);
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: string;
  readonly closing: AbortSignal;
}

async function handle(exchange: Exchange, fault: HttpFault): Promise<void> {
  if (fault.delayMs !== undefined) await delay(fault.delayMs, undefined, { signal: exchange.closing });
  if (fault.answer === undefined) forward(exchange, fault);
  else answer(exchange, fault.answer);
}

function answer({ request, response }: Exchange, { status, headers = {}, body = '' }: HttpFaultAnswer): void {
  request
    .on('end', () => {
      response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) });
      response.end(request.method === 'HEAD' ? undefined : body);
    })
    .resume();
}

function forward({ request, response, target }: Exchange, fault: HttpFault): void {
  const { hostname, port } = new URL(target);
  const onward = httpRequest({
    hostname,
    port,
    method: request.method,
    path: request.url,
    // As they came, the Host among them: the signature covers it.
    headers: request.rawHeaders,
  });
  const reset = (): void => {
    onward.destroy();
    request.socket.resetAndDestroy();
  };
  onward.on('error', reset);
  response.on('close', () => onward.destroy());
  onward.on('response', (answered) => {
    answered.on('error', reset);
    response.writeHead(answered.statusCode ?? 502, answered.rawHeaders);
    const limited =
      fault.cut?.in === 'response' ? answered.pipe(cutter(fault.cut.afterBytes, reset)) : answered;
    (fault.drip === undefined ? limited : limited.pipe(dripper(fault.drip))).pipe(response);
  });
  const body = fault.cut?.in === 'request' ? request.pipe(cutter(fault.cut.afterBytes, reset)) : request;
  body.pipe(onward);
}

/** Lets so many bytes pass; at the next one, or at the end, it cuts. */
function cutter(afterBytes: number, cut: () => void): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      this.push(chunk.subarray(0, Math.max(0, afterBytes - passed)));
      passed += chunk.length;
      // What has passed must have left before the connection goes.
      if (passed > afterBytes) setImmediate(cut);
      else done();
    },
    flush: () => setImmediate(cut),
  });
}

function dripper({ bytes, everyMs }: NonNullable<HttpFault['drip']>): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      const drip = async (): Promise<void> => {
        for (let start = 0; start < chunk.length; start += bytes) {
          await delay(everyMs);
          this.push(chunk.subarray(start, start + bytes));
        }
      };
      drip().then(() => done(), done);
    },
  });
}
