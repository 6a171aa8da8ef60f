import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  paginateListObjectsV2,
} from '@aws-sdk/client-s3';
import type { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { stoppedOnRequest } from '@tsmolt/core';
import type { ObjectStore, Secret, TsmoltError } from '@tsmolt/core';
import type { Readable } from 'node:stream';
import type { BucketPath } from '../bucket-path.js';
import { download } from '../download.js';
import { measuredUpload } from '../measured-upload.js';
import { checkedKey, inByteOrder } from '../object-key.js';
import { uploadPatience } from '../patience.js';
import { cloudStorageUrl } from '../server-url.js';
import { explainFailure } from '../service-failure.js';
import type { ServiceErrors } from '../service-failure.js';
import { openS3 } from './s3-access.js';
import type { S3Access, S3Options } from './s3-access.js';
import { s3Errors } from './s3-failure.js';

/** The least that S3 takes. With its 10 000 parts, objects of up to 50 GiB: fetch cuts files long before. */
const partBytes = 5 * 1024 * 1024;
const partsAtATime = 2;

/** Intermediate files in Amazon S3, or in what speaks its protocol (`--bucket-path s3://...`). */
export class S3Store implements ObjectStore {
  readonly description: string;
  /**
   * The parts under way, and three more: `Upload` gathers the next one in pieces, copies them into one buffer, and still
   * holds the buffer whose end the last part left over. A measured upload confirms it.
   */
  readonly bufferBytes = (partsAtATime + 3) * partBytes;
  readonly #path: BucketPath;
  readonly #access: S3Access;
  readonly #errors: ServiceErrors;
  readonly #stallMs: number;

  private constructor(path: BucketPath, access: S3Access, stallMs: number) {
    this.#path = path;
    this.#stallMs = stallMs;
    this.#access = access;
    this.#errors = s3Errors(path.text);
    this.description = path.text;
  }

  /** @throws TsmoltError `TSM6001` when there are no credentials */
  static async open(path: BucketPath, options: S3Options): Promise<S3Store> {
    try {
      return new S3Store(path, await openS3(options), options.stallMs);
    } catch (thrown) {
      throw explainFailure(thrown, s3Errors(path.text));
    }
  }

  async put(key: string, data: Readable, signal: AbortSignal): Promise<number> {
    const name = this.#nameOf(key);
    return measuredUpload({
      data,
      signal,
      stallMs: uploadPatience * this.#stallMs,
      explain: (thrown) => explainFailure(thrown, this.#errors),
      upload: async (body, stop) => {
        await this.#access.renewCredentials();
        await new Upload({
          client: stoppedBy(this.#access.client, stop),
          params: { Bucket: this.#path.bucket, Key: name, Body: body },
          partSize: partBytes,
          queueSize: partsAtATime,
        }).done();
      },
    });
  }

  async get(key: string, signal?: AbortSignal): Promise<Readable> {
    const request = new GetObjectCommand({ Bucket: this.#path.bucket, Key: this.#nameOf(key) });
    const explain = (thrown: unknown): TsmoltError => explainFailure(thrown, this.#errors, key);
    try {
      const { Body } = await this.#access.client.send(
        request,
        signal === undefined ? {} : { abortSignal: signal },
      );
      // In Node.js the SDK answers with a Readable; its type covers the browser as well.
      return download(Body as Readable, { signal, explain, stallMs: this.#stallMs });
    } catch (thrown) {
      throw signal?.aborted ? stoppedOnRequest() : explain(thrown);
    }
  }

  async list(prefix: string): Promise<string[]> {
    const { bucket, prefix: root } = this.#path;
    const keys: string[] = [];
    try {
      await this.#access.renewCredentials();
      const pages = paginateListObjectsV2(
        { client: this.#access.client },
        { Bucket: bucket, Prefix: root + prefix },
      );
      for await (const page of pages) {
        for (const { Key } of page.Contents ?? []) if (Key !== undefined) keys.push(Key.slice(root.length));
      }
    } catch (thrown) {
      throw explainFailure(thrown, this.#errors);
    }
    return inByteOrder(keys);
  }

  async delete(key: string): Promise<void> {
    const request = new DeleteObjectCommand({ Bucket: this.#path.bucket, Key: this.#nameOf(key) });
    try {
      await this.#access.client.send(request);
    } catch (thrown) {
      const error = explainFailure(thrown, this.#errors, key);
      if (error.code !== 'TSM6002') throw error;
    }
  }

  serverUrl(key: string): Secret {
    return cloudStorageUrl(this.#path, checkedKey(key, this.description), this.#access.urlParameters());
  }

  close(): Promise<void> {
    this.#access.client.destroy();
    return Promise.resolve();
  }

  #nameOf(key: string): string {
    return this.#path.prefix + checkedKey(key, this.description);
  }
}

/**
 * `Upload` takes no signal for its requests, only one that makes it return before they have ended. Here the parts end
 * with the signal; beginning and abandoning the upload go on, or the parts would stay in the bucket, unseen and billed.
 */
function stoppedBy(client: S3Client, abortSignal: AbortSignal): S3Client {
  const send = (command: Command): Promise<unknown> => {
    if (command instanceof CreateMultipartUploadCommand) return client.send(command as Command);
    // `Upload` would throw the failure to abandon in place of the one that made it do so.
    if (command instanceof AbortMultipartUploadCommand) {
      return client.send(command as Command).catch(() => undefined);
    }
    return client.send(command, { abortSignal });
  };
  return Object.create(client, { send: { value: send } }) as S3Client;
}

type Command = Parameters<S3Client['send']>[0];
