import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { md5, objectResource, Objects } from './objects.js';
import type { StoredObject } from './objects.js';
import { ResumableUploads } from './uploads.js';

/**
 * A stand-in for Google Cloud Storage on 127.0.0.1: those parts of its JSON API that a client needs to put, get, list
 * and delete objects. It is our reading of Google's documentation, no emulator; it checks no credentials.
 */
export interface GcsStandIn {
  /** What `STORAGE_EMULATOR_HOST` is set to. */
  readonly url: string;
  /** Uploads that were begun and neither ended nor abandoned. */
  readonly unfinishedUploads: number;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface GcsStandInOptions {
  /** Buckets that exist from the start. */
  readonly buckets?: readonly string[];
  /** Objects on a page of a list; Google's default is 1000. */
  readonly pageSize?: number;
}

export async function startGcsStandIn({
  buckets = [],
  pageSize = 1000,
}: GcsStandInOptions = {}): Promise<GcsStandIn> {
  const service = new JsonApi(new Objects(buckets), pageSize);
  const server = createServer((request, response) => {
    service.answer(request, response).catch(() => {
      // The client went away in the middle of its request.
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const close = async (): Promise<void> => {
    if (!server.listening) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get unfinishedUploads() {
      return service.uploads.size;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  readonly bucket: string;
}

class JsonApi {
  readonly uploads = new ResumableUploads();
  readonly #objects: Objects;
  readonly #pageSize: number;

  constructor(objects: Objects, pageSize: number) {
    this.#objects = objects;
    this.#pageSize = pageSize;
  }

  async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://stand-in');
    // With STORAGE_EMULATOR_HOST Google's client leaves the version out of the path.
    const path = /^(\/upload)?(?:\/storage\/v1)?\/b\/([^/]+)\/o(?:\/(.*))?$/.exec(url.pathname);
    if (path === null) {
      refuse(response, 404, 'Not Found');
      return;
    }
    const [, upload, bucket = '', name] = path;
    const call = { request, response, query: url.searchParams, bucket: decodeURIComponent(bucket) };
    if (!this.#objects.has(call.bucket)) refuse(response, 404, 'The specified bucket does not exist.');
    else if (upload !== undefined) await this.#upload(call);
    else if (name === undefined) this.#list(call);
    else this.#object(call, decodeURIComponent(name));
  }

  async #upload(call: Call): Promise<void> {
    const { request, response, query, bucket } = call;
    const id = query.get('upload_id');
    if (id !== null) {
      await this.#continueUpload(call, id);
      return;
    }
    const name = query.get('name') ?? '';
    if (query.get('uploadType') !== 'resumable' || name === '') {
      refuse(response, 400, 'this stand-in takes resumable uploads of named objects');
      return;
    }
    await buffer(request);
    const contentType = String(request.headers['x-upload-content-type'] ?? 'application/octet-stream');
    const started = this.uploads.begin({ bucket, name, contentType });
    const path = `/upload/storage/v1/b/${encodeURIComponent(bucket)}/o?uploadType=resumable&upload_id=${started}`;
    response.writeHead(200, { location: `http://${request.headers.host}${path}` }).end();
  }

  async #continueUpload({ request, response }: Call, id: string): Promise<void> {
    if (request.method === 'DELETE') {
      response.writeHead(this.uploads.abandon(id) ? 499 : 404).end();
      return;
    }
    const step = this.uploads.continue(id, request.headers['content-range'], await buffer(request));
    if (step.kind === 'refused') {
      refuse(response, step.status, step.reason);
    } else if (step.kind === 'more') {
      response.writeHead(308, step.received === 0 ? {} : { range: `bytes=0-${step.received - 1}` }).end();
    } else {
      const { bucket, name, received, contentType } = step.upload;
      const stored = this.#objects.put(bucket, name, { data: received, contentType });
      json(response, 200, objectResource(bucket, name, stored));
    }
  }

  #list({ response, query, bucket }: Call): void {
    const { names, next } = this.#objects.list(bucket, {
      prefix: query.get('prefix') ?? '',
      after: Buffer.from(query.get('pageToken') ?? '', 'base64url').toString(),
      limit: Math.min(Number(query.get('maxResults') ?? this.#pageSize), this.#pageSize),
    });
    const items = names.flatMap((name) => {
      const stored = this.#objects.get(bucket, name);
      return stored === undefined ? [] : [objectResource(bucket, name, stored)];
    });
    json(response, 200, {
      kind: 'storage#objects',
      items,
      ...(next === '' ? {} : { nextPageToken: Buffer.from(next).toString('base64url') }),
    });
  }

  #object({ request, response, query, bucket }: Call, name: string): void {
    const stored = this.#objects.get(bucket, name);
    if (stored === undefined) {
      refuse(response, 404, `No such object: ${bucket}/${name}`);
    } else if (request.method === 'DELETE') {
      this.#objects.delete(bucket, name);
      response.writeHead(204).end();
    } else if (request.method !== 'GET') {
      refuse(response, 405, 'Method Not Allowed');
    } else if (query.get('alt') === 'media') {
      media(response, stored);
    } else {
      json(response, 200, objectResource(bucket, name, stored));
    }
  }
}

function media(response: ServerResponse, { data, contentType, generation }: StoredObject): void {
  response.writeHead(200, {
    'content-type': contentType,
    'content-length': data.length,
    'x-goog-generation': String(generation),
    'x-goog-stored-content-encoding': 'identity',
    'x-goog-hash': `md5=${md5(data)}`,
  });
  response.end(data);
}

function json(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=UTF-8' }).end(JSON.stringify(body));
}

function refuse(response: ServerResponse, code: number, message: string): void {
  json(response, code, {
    error: { code, message, errors: [{ domain: 'global', reason: 'invalid', message }] },
  });
}
