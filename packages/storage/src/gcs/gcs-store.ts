import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Bucket } from '@google-cloud/storage';
import type { ObjectStore, Secret, TsmoltError } from '@tsmolt/core';
import { stoppedOnRequest } from '@tsmolt/core';
import type { BucketPath } from '../bucket-path.js';
import { download } from '../download.js';
import { measuredUpload } from '../measured-upload.js';
import { checkedKey, inByteOrder } from '../object-key.js';
import { uploadPatience } from '../patience.js';
import { cloudStorageUrl } from '../server-url.js';
import { explainFailure } from '../service-failure.js';
import type { ServiceErrors } from '../service-failure.js';
import { openGcs } from './gcs-access.js';
import type { GcsAccess, GcsOptions } from './gcs-access.js';
import { gcsErrors } from './gcs-failure.js';

/** Google asks for a multiple of 256 KiB. */
const chunkBytes = 8 * 1024 * 1024;

/** Intermediate files in Google Cloud Storage (`--bucket-path gs://...`). */
export class GcsStore implements ObjectStore {
  readonly description: string;
  /** The chunk under way, which is kept until the service has confirmed it, and the one behind it. */
  readonly bufferBytes = 2 * chunkBytes;
  readonly #path: BucketPath;
  readonly #access: GcsAccess;
  readonly #bucket: Bucket;
  readonly #errors: ServiceErrors;
  readonly #stallMs: number;

  private constructor(path: BucketPath, access: GcsAccess, stallMs: number) {
    this.#path = path;
    this.#stallMs = stallMs;
    this.#access = access;
    this.#bucket = access.storage.bucket(path.bucket);
    this.#errors = gcsErrors(path.text);
    this.description = path.text;
  }

  /** @throws TsmoltError `TSM1001` when the file of credentials cannot be read */
  static async open(path: BucketPath, options: GcsOptions): Promise<GcsStore> {
    try {
      return new GcsStore(path, await openGcs(options), options.stallMs);
    } catch (thrown) {
      throw explainFailure(thrown, gcsErrors(path.text));
    }
  }

  async put(key: string, data: Readable, signal: AbortSignal): Promise<number> {
    const file = this.#bucket.file(this.#nameOf(key));
    return measuredUpload({
      data,
      signal,
      stallMs: uploadPatience * this.#stallMs,
      explain: (thrown) => explainFailure(thrown, this.#errors),
      // An upload that is not brought to its end is never seen; the service forgets it after a week.
      upload: (body, stop) =>
        pipeline(
          body,
          file.createWriteStream({ resumable: true, chunkSize: chunkBytes, gzip: false, validation: 'md5' }),
          { signal: stop },
        ),
    });
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    const file = this.#bucket.file(this.#nameOf(key));
    const explain = (thrown: unknown): TsmoltError => explainFailure(thrown, this.#errors, key);
    if (signal?.aborted) throw stoppedOnRequest();
    const body = file.createReadStream({ decompress: false, validation: 'md5' });
    const out = download(body, { signal, explain, stallMs: this.#stallMs });
    await new Promise<void>((resolve, reject) => {
      out.once('error', reject);
      body.once('response', ({ statusCode }: { readonly statusCode: number }) => {
        if (statusCode >= 300) return;
        out.off('error', reject);
        resolve();
      });
    });
    return out;
  }

  async list(prefix: string): Promise<string[]> {
    const root = this.#path.prefix;
    try {
      const [files] = await this.#bucket.getFiles({ prefix: root + prefix });
      return inByteOrder(files.map(({ name }) => name.slice(root.length)));
    } catch (thrown) {
      throw explainFailure(thrown, this.#errors);
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#bucket.file(this.#nameOf(key)).delete();
    } catch (thrown) {
      const error = explainFailure(thrown, this.#errors, key);
      if (error.code !== 'TSM6002') throw error;
    }
  }

  serverUrl(key: string): Secret {
    return cloudStorageUrl(this.#path, checkedKey(key, this.description), this.#access.urlParameters());
  }

  /** The library keeps nothing open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #nameOf(key: string): string {
    return this.#path.prefix + checkedKey(key, this.description);
  }
}
