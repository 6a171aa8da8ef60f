import type { Readable } from 'node:stream';
import type { BlockBlobClient, ContainerClient } from '@azure/storage-blob';
import { stoppedOnRequest } from '@tsmolt/core';
import type { ObjectStore, Secret, TsmoltError } from '@tsmolt/core';
import type { BucketPath } from '../bucket-path.js';
import { download } from '../download.js';
import { measuredUpload } from '../measured-upload.js';
import { checkedKey, inByteOrder } from '../object-key.js';
import { uploadPatience } from '../patience.js';
import { cloudStorageUrl } from '../server-url.js';
import { explainFailure } from '../service-failure.js';
import type { ServiceErrors } from '../service-failure.js';
import { openAzure } from './azure-access.js';
import type { AzureAccess, AzureOptions } from './azure-access.js';
import { azureErrors } from './azure-failure.js';

/** With Azure's 50 000 blocks, objects of up to 390 GiB. */
const blockBytes = 8 * 1024 * 1024;
const blocksAtATime = 2;

/** Intermediate files in Azure Blob Storage (`--bucket-path azure-blob://...`). */
export class AzureBlobStore implements ObjectStore {
  readonly description: string;
  /** The blocks under way, one that is being gathered from the stream, and what the connections hold of them. */
  readonly bufferBytes = (blocksAtATime + 2) * blockBytes;
  readonly #path: BucketPath;
  readonly #access: AzureAccess;
  readonly #container: ContainerClient;
  readonly #errors: ServiceErrors;
  readonly #stallMs: number;

  /** @throws TsmoltError `TSM1001` when the environment names no account, or no credentials */
  constructor(path: BucketPath, options: AzureOptions) {
    this.#path = path;
    this.#stallMs = options.stallMs;
    this.#access = openAzure(options);
    this.#container = this.#access.service.getContainerClient(path.bucket);
    this.#errors = azureErrors(path.text);
    this.description = path.text;
  }

  async put(key: string, data: Readable, signal: AbortSignal): Promise<number> {
    const blob = this.#blob(key);
    return measuredUpload({
      data,
      signal,
      stallMs: uploadPatience * this.#stallMs,
      explain: (thrown) => explainFailure(thrown, this.#errors),
      // Blocks that are never committed are never seen; the service forgets them after a week.
      upload: (body, stop) =>
        stoppedBy(blob, stop).uploadStream(body, blockBytes, blocksAtATime, { abortSignal: stop }),
    });
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    const blob = this.#blob(key);
    const explain = (thrown: unknown): TsmoltError => explainFailure(thrown, this.#errors, key);
    try {
      const { readableStreamBody } = await blob.download(
        0,
        undefined,
        signal === undefined ? {} : { abortSignal: signal },
      );
      // In Node.js the SDK answers with a Readable; its type covers the browser as well.
      return download(readableStreamBody as Readable, { signal, explain, stallMs: this.#stallMs });
    } catch (thrown) {
      throw signal?.aborted ? stoppedOnRequest() : explain(thrown);
    }
  }

  async list(prefix: string): Promise<string[]> {
    const root = this.#path.prefix;
    const keys: string[] = [];
    try {
      for await (const { name } of this.#container.listBlobsFlat({ prefix: root + prefix })) {
        keys.push(name.slice(root.length));
      }
    } catch (thrown) {
      throw explainFailure(thrown, this.#errors);
    }
    return inByteOrder(keys);
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#blob(key).deleteIfExists();
    } catch (thrown) {
      throw explainFailure(thrown, this.#errors);
    }
  }

  serverUrl(key: string): Secret {
    return cloudStorageUrl(this.#path, checkedKey(key, this.description), this.#access.urlParameters());
  }

  /** The library keeps nothing open. */
  close(): Promise<void> {
    return Promise.resolve();
  }

  #blob(key: string): BlockBlobClient {
    return this.#container.getBlockBlobClient(this.#path.prefix + checkedKey(key, this.description));
  }
}

/** `uploadStream` hands its signal to the commit alone; here the blocks under way end with it as well. */
function stoppedBy(blob: BlockBlobClient, abortSignal: AbortSignal): BlockBlobClient {
  const stageBlock: BlockBlobClient['stageBlock'] = (id, body, length, options) =>
    blob.stageBlock(id, body, length, { ...options, abortSignal });
  return Object.create(blob, { stageBlock: { value: stageBlock } }) as BlockBlobClient;
}
