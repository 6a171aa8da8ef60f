import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rename, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join, relative, resolve, sep } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { TsmoltError } from '@tsmolt/core';
import type { ObjectStore, Secret } from '@tsmolt/core';
import { download } from './download.js';
import { measuredUpload } from './measured-upload.js';
import { checkedKey, inByteOrder } from './object-key.js';

/** What a file is called until it is whole. */
const partialSuffix = '.partial';

/** Intermediate files in a directory of this machine (`--local-path`). */
export class LocalDirectory implements ObjectStore {
  readonly description: string;
  readonly bufferBytes = 1024 * 1024;
  /** Absolute. */
  readonly root: string;

  constructor(path: string) {
    this.root = resolve(path);
    this.description = `local directory ${this.root}`;
  }

  async put(key: string, data: Readable, signal: AbortSignal): Promise<number> {
    const path = this.#pathOf(key);
    const partial = `${path}${partialSuffix}`;
    return measuredUpload({
      data,
      signal,
      explain: (thrown) => explain(thrown, path),
      upload: async (body) => {
        try {
          await mkdir(dirname(path), { recursive: true });
          await pipeline(body, createWriteStream(partial, { flush: true }));
          await rename(partial, path);
        } catch (thrown) {
          // The first error is the one to tell; what keeps the partial file from being removed is usually the same.
          await rm(partial, { force: true }).catch(() => undefined);
          throw thrown;
        }
      },
    });
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    const path = this.#pathOf(key);
    const found = await stat(path).catch((thrown: unknown) => {
      throw isMissing(thrown) ? this.#missing(key) : explain(thrown, path);
    });
    if (!found.isFile()) throw this.#missing(key);
    const file = createReadStream(path, { highWaterMark: 256 * 1024 });
    return download(file, { signal, explain: (thrown) => explain(thrown, path) });
  }

  async list(prefix: string): Promise<string[]> {
    const entries = await readdir(this.root, { recursive: true, withFileTypes: true }).catch(
      (thrown: unknown) => {
        if (isMissing(thrown)) return [];
        throw explain(thrown, this.root);
      },
    );
    const keys = entries
      .filter((entry) => entry.isFile() && !entry.name.endsWith(partialSuffix))
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((key) => key.startsWith(prefix));
    return inByteOrder(keys);
  }

  async delete(key: string): Promise<void> {
    const path = this.#pathOf(key);
    await unlink(path).catch((thrown: unknown) => {
      if (!isMissing(thrown)) throw explain(thrown, path);
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
    return join(this.root, checkedKey(key, this.root));
  }

  #missing(key: string): TsmoltError {
    return new TsmoltError('TSM6002', {
      message: `there is no ${key} in ${this.description}`,
      advice: 'Somebody removed it, or it was never written: run the export again.',
    });
  }
}

/** A folder is no object either. */
function isMissing(thrown: unknown): boolean {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR';
}

function explain(thrown: unknown, path: string): TsmoltError {
  if (thrown instanceof TsmoltError) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new TsmoltError('TSM4006', {
    message: `cannot use the intermediate file ${path}: ${reason}`,
    advice: 'Check that --local-path exists, is writable and has room.',
    cause: thrown,
  });
}
