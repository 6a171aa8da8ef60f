import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { stoppedOnRequest, TsmoltError } from '@tsmolt/core';
import type { ObjectStore, Secret } from '@tsmolt/core';

/** What a file is called until it is whole. */
const partialSuffix = '.partial';

/** Intermediate files in a directory of this machine (`--local-path`). */
export class LocalDirectory implements ObjectStore {
  readonly description: string;
  readonly bufferBytes = 1024 * 1024;
  readonly #root: string;

  constructor(path: string) {
    this.#root = resolve(path);
    this.description = `local directory ${this.#root}`;
  }

  async put(key: string, data: Readable, signal: AbortSignal): Promise<number> {
    const path = this.#pathOf(key);
    const partial = `${path}${partialSuffix}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await pipeline(data, createWriteStream(partial, { flush: true }), { signal });
      const { size } = await stat(partial);
      await rename(partial, path);
      return size;
    } catch (thrown) {
      data.destroy();
      // The first error is the one to tell; what keeps the partial file from being removed is usually the same.
      await rm(partial, { force: true }).catch(() => undefined);
      throw explain(thrown, path, signal);
    }
  }

  async get(key: string): Promise<Readable> {
    const path = this.#pathOf(key);
    try {
      if (!(await stat(path)).isFile()) throw new Error('it is not a file');
    } catch (thrown) {
      throw explain(thrown, path);
    }
    return createReadStream(path, { highWaterMark: 256 * 1024 });
  }

  async list(prefix: string): Promise<string[]> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith(partialSuffix))
      .map((entry) => relative(this.#root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((key) => key.startsWith(prefix))
      .toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
  }

  async delete(key: string): Promise<void> {
    await unlink(this.#pathOf(key)).catch((thrown: unknown) => {
      throw explain(thrown, key);
    });
  }

  serverUrl(key: string): Secret {
    throw new TsmoltError('TSM1001', {
      message: `no server can read ${key} from ${this.description}`,
      advice: 'Serve the directory with --local-path-listen-addr, or load the files with --use-copy.',
    });
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** @throws TsmoltError `TSM4006` for a key that would leave the directory */
  #pathOf(key: string): string {
    const path = resolve(this.#root, key);
    if (path.startsWith(this.#root + sep)) return path;
    throw new TsmoltError('TSM4006', {
      message: `${key} lies outside ${this.#root}`,
      advice: 'Rename the table: its name cannot be part of a path.',
    });
  }
}

function explain(thrown: unknown, path: string, signal?: AbortSignal): TsmoltError {
  if (thrown instanceof TsmoltError) return thrown;
  if (signal?.aborted) return stoppedOnRequest();
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new TsmoltError('TSM4006', {
    message: `cannot use the intermediate file ${path}: ${reason}`,
    advice: 'Check that --local-path exists, is writable and has room.',
    cause: thrown,
  });
}
