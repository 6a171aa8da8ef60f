import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { s3Credentials, startGcsStandIn, startHttpFaults, startS3 } from '@tsmolt/testkit';
import type { HttpFaults } from '@tsmolt/testkit';
import { vi } from 'vitest';

/** A place for intermediate files, and what a test wants to know about it. */
export interface Storage {
  /** What names it on the command line. */
  readonly args: readonly string[];
  /** Keys of all that lies there, in order, half-written files among them. */
  list(): Promise<string[]>;
  /** Resolves when a file is on its way there; the upload may stand still from then on. */
  uploading(): Promise<void>;
  /** Lets what stands still go on, for the next process. */
  letGo(): void;
  close(): Promise<void>;
}

/** @param serve so that a server can import from it */
export async function localStorage(serve: boolean): Promise<Storage> {
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-files-'));
  const list = async (): Promise<string[]> =>
    (await readdir(folder, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
      .toSorted();
  const partial = async (): Promise<boolean> => (await list()).some((name) => name.endsWith('.partial'));
  return {
    args: ['--local-path', folder, ...(serve ? ['--local-path-listen-addr', '127.0.0.1:0'] : [])],
    list,
    uploading: () => vi.waitUntil(partial, { interval: 0, timeout: 30_000 }).then(() => undefined),
    letGo: () => undefined,
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface S3Storage extends Storage {
  readonly faults: HttpFaults;
  put(key: string, body: string): Promise<void>;
  get(key: string): Promise<string>;
  remove(key: string): Promise<void>;
}

/** A bucket of an S3 of its own, behind a proxy; the environment of this process, and of those that it starts, leads there. */
export async function s3Storage(): Promise<S3Storage> {
  const s3 = await startS3({ own: true, buckets: ['kill'] });
  const faults = await startHttpFaults({ target: s3.url });
  vi.stubEnv('AWS_ENDPOINT_URL', faults.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Credentials.secretAccessKey);
  vi.stubEnv('AWS_REGION', s3Credentials.region);
  // This server asks nobody for a signature who sends none.
  const urlOf = (key: string): string => `${s3.url}/kill/data/${key}`;
  return {
    args: ['--bucket-path', 's3://kill/data'],
    faults,
    ...uploadsHeldBy(faults, { method: 'PUT' }),
    list: async () => {
      const listing = await (await fetch(`${s3.url}/kill?list-type=2&prefix=data/`)).text();
      return [...listing.matchAll(/<Key>data\/([^<]*)<\/Key>/g)].map(([, key = '']) => key).toSorted();
    },
    get: async (key) => (await fetch(urlOf(key))).text(),
    put: async (key, body) => void (await fetch(urlOf(key), { method: 'PUT', body })),
    remove: async (key) => void (await fetch(urlOf(key), { method: 'DELETE' })),
    close: async () => {
      await faults.close();
      await s3.stop();
    },
  };
}

/** A bucket of the stand-in for Google Cloud Storage, behind a proxy; the environment leads there. */
export async function gcsStorage(): Promise<Storage> {
  const gcs = await startGcsStandIn({ buckets: ['kill'] });
  const faults = await startHttpFaults({ target: gcs.url });
  vi.stubEnv('STORAGE_EMULATOR_HOST', faults.url);
  return {
    args: ['--bucket-path', 'gs://kill/data', '--use-implicit-auth'],
    ...uploadsHeldBy(faults, { method: 'PUT', match: /upload_id=/ }),
    list: async () => {
      const answer = await fetch(`${gcs.url}/storage/v1/b/kill/o?prefix=data/`);
      const { items } = (await answer.json()) as { items: { name: string }[] };
      return items.map(({ name }) => name.slice('data/'.length)).toSorted();
    },
    close: async () => {
      await faults.close();
      await gcs.close();
    },
  };
}

/** Longer than any test: what is held ends with its proxy. */
const forEver = 3_600_000;

function uploadsHeldBy(
  faults: HttpFaults,
  upload: { readonly method: string; readonly match?: RegExp },
): Pick<Storage, 'uploading' | 'letGo'> {
  return {
    uploading: async () => {
      const held = (): number => faults.requests.filter(({ faulty }) => faulty).length;
      const before = held();
      faults.failNext({ ...upload, delayMs: forEver });
      await vi.waitUntil(() => held() > before, { interval: 1, timeout: 30_000 });
    },
    letGo: () => faults.clear(),
  };
}
