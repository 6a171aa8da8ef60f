import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll } from 'vitest';

/** A web server with files that a test puts there. */
export interface FileServer {
  /** @returns the file's URL; the content is packed when the name ends in `.gz` */
  readonly put: (name: string, content: string) => string;
}

/** Registers the hooks that start the server for the test file and stop it. */
export function useFileServer(): FileServer {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const content = files.get(new URL(request.url ?? '', 'http://localhost').pathname);
    response.statusCode = content === undefined ? 404 : 200;
    response.end(content);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.close();
    server.closeAllConnections();
  });
  return {
    put: (name, content) => {
      files.set(`/${name}`, name.endsWith('.gz') ? gzipSync(content) : Buffer.from(content));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
    },
  };
}
