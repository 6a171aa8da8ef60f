import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectStore } from '@tsmolt/core';
import { openStore } from '@tsmolt/storage';
import { s3Error, sharedServer, startGcsStandIn, startHttpFaults } from '@tsmolt/testkit';
import type { GcsStandIn, HttpFaultAnswer, HttpFaults } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { createAzureContainer, newBucketName, stubAzureEnvironment } from './open-test-stores.js';

interface Service {
  readonly scheme: string;
  /** Starts the server. @returns its URL */
  readonly start: () => Promise<string>;
  readonly stubEnvironment: (url: string) => void;
  /** The request that carries a part of an upload. */
  readonly part: { readonly method: string; readonly match: RegExp };
  readonly error: (status: number, code: string) => HttpFaultAnswer;
}

const never = new AbortController().signal;
const bucket = newBucketName();
const data = randomBytes(20_000_003);
let standIn: GcsStandIn | undefined;

const google: Service = {
  scheme: 'gs',
  start: async () => (standIn = await startGcsStandIn({ buckets: [bucket] })).url,
  stubEnvironment: (url) => {
    vi.stubEnv('STORAGE_EMULATOR_HOST', url);
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(import.meta.dirname, 'application-credentials.json'));
  },
  part: { method: 'PUT', match: /upload_id=/ },
  error: (status, reason) => ({
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: { code: status, message: 'a fault of the test', errors: [{ reason }] } }),
  }),
};

const azure: Service = {
  scheme: 'azure-blob',
  start: async () => {
    const { url } = await sharedServer('azurite');
    await createAzureContainer(url, bucket);
    return url;
  },
  stubEnvironment: (url) => stubAzureEnvironment(`${url}/tsmolt`),
  part: { method: 'PUT', match: /comp=block&/ },
  error: s3Error,
};

describe.each([
  ['Google Cloud Storage', google],
  ['Azure Blob Storage', azure],
])('%s', (_name, service) => {
  let target: string;
  let faults: HttpFaults;
  let store: ObjectStore;

  beforeAll(async () => {
    target = await service.start();
  });

  beforeEach(async () => {
    faults = await startHttpFaults({ target });
    service.stubEnvironment(faults.url);
    store = await open(2);
  });

  afterEach(async () => {
    await store.close();
    await faults.close();
    vi.unstubAllEnvs();
  });

  afterAll(async () => {
    await standIn?.close();
    standIn = undefined;
  });

  function open(maxAttempts: number): Promise<ObjectStore> {
    const folder = randomBytes(4).toString('hex');
    return openStore({ bucketPath: `${service.scheme}://${bucket}/${folder}`, maxAttempts, stallMs: 2000 });
  }

  function put(key: string, bytes: Buffer): Promise<number> {
    return store.put(key, Readable.from([bytes]), never);
  }

  async function expectIntact(key: string): Promise<void> {
    const got = createHash('sha256').update(await buffer(await store.get(key)));
    expect(got.digest('hex')).toBe(createHash('sha256').update(data).digest('hex'));
  }

  test.each([
    [500, 'InternalError'],
    [503, 'ServerBusy'],
  ])('an upload goes on when a part is answered %i', async (status, code) => {
    faults.failNext({ ...service.part, answer: service.error(status, code) });
    expect(await put('k', data)).toBe(data.length);
    expect(faults.requests.filter(({ faulty }) => faulty)).toHaveLength(1);
    await expectIntact('k');
  });

  test.each(['request', 'response'] as const)(
    'an upload goes on when the connection is cut in the %s of a part',
    async (direction) => {
      faults.failNext({
        ...service.part,
        cut: { in: direction, afterBytes: direction === 'request' ? 3_000_000 : 0 },
      });
      expect(await put('k', data)).toBe(data.length);
      await expectIntact('k');
    },
  );

  test('an upload whose parts always fail ends, and leaves nothing', async () => {
    faults.failNext({ ...service.part, times: Infinity, answer: service.error(503, 'ServerBusy') });
    await expect(put('k', data)).rejects.toMatchObject({
      code: 'TSM6003',
      kind: 'retry',
      message: expect.stringContaining(`${service.scheme}://${bucket}/`),
    });
    expect(await store.list('')).toEqual([]);
  });

  test('an upload that is told to stop ends at once, though a part is under way', async () => {
    const controller = new AbortController();
    faults.failNext({ ...service.part, times: Infinity, delayMs: 600_000 });
    const putting = store
      .put('k', Readable.from([data]), controller.signal)
      .catch((thrown: unknown) => thrown);
    await vi.waitUntil(() => faults.requests.some(({ faulty }) => faulty));
    controller.abort();
    expect(await putting).toMatchObject({ code: 'TSM1005' });
    expect(await store.list('')).toEqual([]);
  });

  test('an upload that the service takes and never answers ends', async () => {
    const hasty = await openStore({ bucketPath: `${service.scheme}://${bucket}/hasty`, stallMs: 40 });
    faults.failNext({ ...service.part, times: Infinity, delayMs: 600_000 });
    await expect(hasty.put('k', Readable.from([data]), never)).rejects.toMatchObject({
      code: 'TSM6003',
      message: expect.stringContaining('it took nothing for 0.4 s'),
    });
    expect(await store.list('')).toEqual([]);
  });

  test('every operation says so when the service stays away', async () => {
    faults.failNext({ times: Infinity, answer: service.error(503, 'ServerBusy') });
    const error = { code: 'TSM6003', kind: 'retry' };
    await expect(put('k', Buffer.from('x'))).rejects.toMatchObject(error);
    await expect(store.get('k')).rejects.toMatchObject(error);
    await expect(store.list('')).rejects.toMatchObject(error);
    await expect(store.delete('k')).rejects.toMatchObject(error);
  });

  test('every operation says so when nothing listens', async () => {
    await faults.close();
    const error = { code: 'TSM6003', kind: 'retry' };
    await expect(put('k', Buffer.from('x'))).rejects.toMatchObject(error);
    await expect(store.get('k')).rejects.toMatchObject(error);
    await expect(store.list('')).rejects.toMatchObject(error);
  });

  test('what is refused is not tried again, and the error says what to look at', async () => {
    faults.failNext({ times: Infinity, answer: service.error(403, 'AuthorizationFailure') });
    const error = {
      code: 'TSM6001',
      kind: 'operator',
      message: expect.stringContaining(`${service.scheme}://${bucket}/`),
      advice: expect.stringContaining('redentials'),
    };
    await expect(put('k', Buffer.from('x'))).rejects.toMatchObject(error);
    await expect(store.get('k')).rejects.toMatchObject(error);
    await expect(store.list('')).rejects.toMatchObject(error);
    await expect(store.delete('k')).rejects.toMatchObject(error);
    expect(faults.requests).toHaveLength(4);
  });

  test('a bucket that does not exist is not mistaken for a missing object', async () => {
    const elsewhere = await openStore({ bucketPath: `${service.scheme}://${newBucketName()}/x` });
    const error = { code: 'TSM6001' };
    await expect(elsewhere.put('k', Readable.from(['x']), never)).rejects.toMatchObject(error);
    await expect(elsewhere.get('k')).rejects.toMatchObject(error);
    await expect(elsewhere.list('')).rejects.toMatchObject(error);
  });

  test('a download that is cut is an error of the stream, not its end', async () => {
    await put('k', data);
    faults.failNext({ method: 'GET', times: Infinity, cut: { in: 'response', afterBytes: 5_000_000 } });
    const got = await store.get('k');
    await expect(buffer(got)).rejects.toMatchObject({ code: 'TSM6003' });
  });

  test('a slow service is no failure', async () => {
    faults.failNext({ method: 'PUT', delayMs: 300 });
    await put('k', data.subarray(0, 1000));
    faults.failNext({ method: 'GET', drip: { bytes: 100, everyMs: 5 } });
    expect((await buffer(await store.get('k'))).equals(data.subarray(0, 1000))).toBe(true);
  });
});
