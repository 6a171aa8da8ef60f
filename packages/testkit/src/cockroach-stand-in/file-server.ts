import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';

/** A web server on 127.0.0.1 with files that a test puts there, for IMPORT INTO to read. */
export interface FileServer {
  /** @returns the file's URL; the content is packed when the name ends in `.gz` */
  put(name: string, content: string): string;
  stop(): Promise<void>;
}

export async function startFileServer(): Promise<FileServer> {
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const content = files.get(new URL(request.url ?? '', 'http://localhost').pathname);
    response.statusCode = content === undefined ? 404 : 200;
    response.end(content);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  return {
    put: (name, content) => {
      files.set(`/${name}`, name.endsWith('.gz') ? gzipSync(content) : Buffer.from(content));
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
