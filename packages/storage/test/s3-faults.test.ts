import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { inspect } from 'node:util';
import type { ObjectStore } from '@tsmolt/core';
import { openStore } from '@tsmolt/storage';
import { s3Error, sharedServer, startHttpFaults } from '@tsmolt/testkit';
import type { HttpFaults, SeenRequest } from '@tsmolt/testkit';
import { afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createS3Bucket, newBucketName, stubS3Environment } from './open-test-stores.js';

const never = new AbortController().signal;
const bucket = newBucketName();
/** Three parts. */
const data = randomBytes(20_000_003);
let endpoint: string;
let faults: HttpFaults;
let store: ObjectStore;

beforeAll(async () => {
  endpoint = (await sharedServer('s3')).url;
  await createS3Bucket(endpoint, bucket);
});

beforeEach(async () => {
  faults = await startHttpFaults({ target: endpoint });
  stubS3Environment(faults.url);
  store = await openStore({ bucketPath: `s3://${bucket}/${randomBytes(4).toString('hex')}`, maxAttempts: 3 });
  // s3rver cannot abandon an upload; it is enough that it is asked to.
  faults.failNext({ method: 'DELETE', match: /uploadId=/, answer: { status: 204 }, times: Infinity });
});

afterEach(async () => {
  await store.close();
  await faults.close();
  vi.unstubAllEnvs();
});

function put(key: string, bytes: Buffer): Promise<number> {
  return store.put(key, Readable.from([bytes]), never);
}

async function expectIntact(key: string): Promise<void> {
  const got = await buffer(await store.get(key));
  expect(createHash('sha256').update(got).digest('hex')).toBe(
    createHash('sha256').update(data).digest('hex'),
  );
}

function seen(of: Pick<SeenRequest, 'method'> & { readonly path: RegExp }): SeenRequest[] {
  return faults.requests.filter(({ method, path }) => method === of.method && of.path.test(path));
}

test('an upload goes on when the service fails a few times', async () => {
  faults.failNext({ method: 'POST', match: /uploads/, answer: s3Error(503, 'SlowDown') });
  faults.failNext({ method: 'PUT', match: /partNumber=2/, times: 2, answer: s3Error(500, 'InternalError') });
  faults.failNext({ method: 'PUT', match: /partNumber=3/, answer: s3Error(503, 'SlowDown') });
  expect(await put('k', data)).toBe(data.length);
  expect(faults.requests.filter(({ faulty }) => faulty)).toHaveLength(4);
  await expectIntact('k');
});

test.each(['request', 'response'] as const)(
  'a part is sent again when the connection is cut in its %s',
  async (direction) => {
    const afterBytes = direction === 'request' ? 3_000_000 : 0;
    faults.failNext({ method: 'PUT', match: /partNumber=2/, cut: { in: direction, afterBytes } });
    expect(await put('k', data)).toBe(data.length);
    expect(seen({ method: 'PUT', path: /partNumber=2/ })).toHaveLength(2);
    await expectIntact('k');
  },
);

test('a part that fails for good ends the upload, with all its parts', async () => {
  faults.failNext({
    method: 'PUT',
    match: /partNumber=2/,
    times: Infinity,
    answer: s3Error(500, 'InternalError'),
  });
  await expect(put('k', data)).rejects.toMatchObject({
    code: 'TSM6003',
    kind: 'retry',
    serverCode: 'InternalError',
    message: expect.stringContaining(`s3://${bucket}/`),
  });
  expect(seen({ method: 'PUT', path: /partNumber=2/ })).toHaveLength(3);
  expect(seen({ method: 'DELETE', path: /uploadId=/ })).toHaveLength(1);
  expect(await store.list('')).toEqual([]);
});

test('an upload that is told to stop is removed with its parts, though a part is under way', async () => {
  const controller = new AbortController();
  const source = new PassThrough();
  // The server has the part, and its answer does not come before the test is over.
  faults.failNext({ method: 'PUT', match: /partNumber=1/, delayMs: 60_000 });
  const putting = store.put('k', source, controller.signal).catch((thrown: unknown) => thrown);
  source.write(data.subarray(0, 9_000_000));
  await vi.waitUntil(() => seen({ method: 'PUT', path: /partNumber=1/ }).length > 0);
  controller.abort();
  expect(await putting).toMatchObject({ code: 'TSM1005' });
  expect(seen({ method: 'DELETE', path: /uploadId=/ })).toHaveLength(1);
  expect(await store.list('')).toEqual([]);
});

test('an upload that the service takes and never answers ends, and is abandoned', async () => {
  const hasty = await openStore({ bucketPath: `s3://${bucket}/hasty`, stallMs: 40 });
  faults.failNext({ method: 'PUT', match: /partNumber/, times: Infinity, delayMs: 600_000 });
  await expect(hasty.put('k', Readable.from([data]), never)).rejects.toMatchObject({
    code: 'TSM6003',
    message: expect.stringContaining('it took nothing for 0.4 s'),
  });
  expect(seen({ method: 'DELETE', path: /uploadId=/ })).toHaveLength(1);
  await hasty.close();
});

test('a source that fails in a later part takes the upload with it', async () => {
  const source = new PassThrough();
  const putting = store.put('k', source, never).catch((thrown: unknown) => thrown);
  source.write(data.subarray(0, 9_000_000));
  await vi.waitUntil(() => seen({ method: 'PUT', path: /partNumber=1/ }).length > 0);
  source.destroy(new Error('the source went away'));
  expect(await putting).toMatchObject({ message: 'the source went away' });
  expect(seen({ method: 'DELETE', path: /uploadId=/ })).toHaveLength(1);
  expect(await store.list('')).toEqual([]);
});

test('a put whose confirmation is lost may be tried again', async () => {
  faults.failNext({ method: 'POST', match: /uploadId=/, cut: { in: 'response', afterBytes: 0 } });
  await expect(put('k', data)).rejects.toMatchObject({ code: 'TSM6003' });
  expect(await put('k', data)).toBe(data.length);
  await expectIntact('k');
});

test('every operation says so when the service stays away', async () => {
  faults.failNext({ times: Infinity, answer: s3Error(503, 'SlowDown') });
  await store.close();
  store = await openStore({ bucketPath: `s3://${bucket}/away`, maxAttempts: 2 });
  const error = { code: 'TSM6003', kind: 'retry', serverCode: 'SlowDown' };
  await expect(put('k', Buffer.from('x'))).rejects.toMatchObject(error);
  await expect(store.get('k')).rejects.toMatchObject(error);
  await expect(store.list('')).rejects.toMatchObject(error);
  await expect(store.delete('k')).rejects.toMatchObject(error);
  expect(faults.requests).toHaveLength(4 * 2);
});

test('every operation says so when nothing listens', async () => {
  await faults.close();
  const error = { code: 'TSM6003', serverCode: 'ECONNREFUSED' };
  await expect(put('k', Buffer.from('x'))).rejects.toMatchObject(error);
  await expect(store.get('k')).rejects.toMatchObject(error);
  await expect(store.list('')).rejects.toMatchObject(error);
});

test('a download that is cut is an error of the stream, not its end', async () => {
  await put('k', data);
  faults.failNext({ method: 'GET', cut: { in: 'response', afterBytes: 5_000_000 } });
  const got = await store.get('k');
  await expect(buffer(got)).rejects.toMatchObject({ code: 'TSM6003' });
  await expectIntact('k');
});

test('a slow service is no failure', async () => {
  faults.failNext({ method: 'PUT', delayMs: 300 });
  await put('k', data.subarray(0, 1000));
  faults.failNext({ method: 'GET', drip: { bytes: 100, everyMs: 5 } });
  const got = await buffer(await store.get('k'));
  expect(got.equals(data.subarray(0, 1000))).toBe(true);
});

test('a reader that leaves ends the connection', async () => {
  await put('k', data);
  const got = await store.get('k');
  await once(got, 'readable');
  got.destroy();
  await once(got, 'close');
  await store.close();
  await expect(faults.close()).resolves.toBeUndefined();
});

test('what is refused is not tried again, and the error says what to look at', async () => {
  faults.failNext({ times: Infinity, answer: s3Error(403, 'AccessDenied') });
  const error = {
    code: 'TSM6001',
    kind: 'operator',
    serverCode: 'AccessDenied',
    message: expect.stringContaining(`s3://${bucket}/`),
    advice: expect.stringContaining('credentials'),
  };
  await expect(put('k', Buffer.from('x'))).rejects.toMatchObject(error);
  await expect(store.get('k')).rejects.toMatchObject(error);
  await expect(store.list('')).rejects.toMatchObject(error);
  await expect(store.delete('k')).rejects.toMatchObject(error);
  expect(faults.requests).toHaveLength(4);
});

test('a bucket that does not exist is not mistaken for a missing object', async () => {
  const elsewhere = await openStore({ bucketPath: `s3://${newBucketName()}/x` });
  const error = { code: 'TSM6001', serverCode: 'NoSuchBucket' };
  await expect(elsewhere.put('k', Readable.from(['x']), never)).rejects.toMatchObject(error);
  await expect(elsewhere.get('k')).rejects.toMatchObject(error);
  await expect(elsewhere.list('')).rejects.toMatchObject(error);
  await elsewhere.close();
});

test('wrong credentials are refused, and the error does not tell them', async () => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'SOMEBODY');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a-secret-of-somebody');
  const other = await openStore({ bucketPath: `s3://${bucket}/x` });
  const refused: unknown = await other.list('').catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: 'TSM6001', serverCode: 'InvalidAccessKeyId' });
  expect(inspect(refused, { depth: 20, showHidden: true })).not.toMatch(/a-secret-of-somebody|Signature=/);
  await other.close();
});

test('an upload that cannot be abandoned ends with what made it fail', async () => {
  faults.clear();
  faults.failNext({
    method: 'PUT',
    match: /partNumber=2/,
    times: Infinity,
    answer: s3Error(403, 'AccessDenied'),
  });
  faults.failNext({ method: 'DELETE', times: Infinity, answer: s3Error(405, 'MethodNotAllowed') });
  await expect(put('k', data)).rejects.toMatchObject({ code: 'TSM6001', serverCode: 'AccessDenied' });
});

test('without credentials no store is opened', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE']) vi.stubEnv(name, '');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nowhere');
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  await expect(openStore({ bucketPath: 's3://bucket' })).rejects.toMatchObject({
    code: 'TSM6001',
    serverCode: 'CredentialsProviderError',
  });
});
