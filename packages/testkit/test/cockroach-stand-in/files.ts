import { afterAll, beforeAll } from 'vitest';
import { startFileServer } from '../../src/index.js';
import type { FileServer } from '../../src/index.js';

/** Registers the hooks that start a web server with files for the test file, and stop it. */
export function useFileServer(): Pick<FileServer, 'put'> {
  let started: FileServer | undefined;
  beforeAll(async () => {
    started = await startFileServer();
  });
  afterAll(() => started?.stop());
  return { put: (name, content) => started?.put(name, content) ?? '' };
}
