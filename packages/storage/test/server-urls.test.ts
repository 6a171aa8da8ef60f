import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { inspect } from 'node:util';
import { openStore } from '@tsmolt/storage';
import type { StoreOptions } from '@tsmolt/storage';
import { sharedServer, startHttpFaults } from '@tsmolt/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createS3Bucket, newBucketName } from './open-test-stores.js';

const role = 'arn:aws:iam::123456789012:role/MyRole';

/** Nothing of the machine's own environment may come in. */
const variables = [
  ...['AWS_ENDPOINT_URL_S3', 'AWS_ENDPOINT_URL', 'AWS_ENDPOINT', 'AWS_REGION', 'AWS_DEFAULT_REGION'],
  ...['AWS_SESSION_TOKEN', 'AWS_PROFILE', 'GOOGLE_APPLICATION_CREDENTIALS', 'STORAGE_EMULATOR_HOST'],
  ...['AZURE_ACCOUNT_KEY', 'AZURE_CLIENT_ID', 'AZURE_CLIENT_SECRET', 'AZURE_TENANT_ID'],
  ...['AZURE_ENVIRONMENT', 'AZURE_ENDPOINT'],
];

beforeEach(() => {
  for (const name of variables) vi.stubEnv(name, '');
  vi.stubEnv('STORAGE_EMULATOR_HOST', undefined);
  vi.stubEnv('AWS_CONFIG_FILE', '/nowhere');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIA/1');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'a+b/c=');
  vi.stubEnv('AZURE_ACCOUNT_NAME', 'account');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

async function urlOf(options: StoreOptions): Promise<string> {
  const store = await openStore(options);
  const url = store.serverUrl('public.t/part 1.csv').reveal();
  await store.close();
  return url;
}

test('S3: the credentials of the environment, encoded', async () => {
  expect(await urlOf({ bucketPath: 's3://b/p' })).toBe(
    's3://b/p/public.t/part%201.csv?AUTH=specified&AWS_ACCESS_KEY_ID=AKIA%2F1&AWS_SECRET_ACCESS_KEY=a%2Bb%2Fc%3D',
  );
});

test('S3: a session token, the region and the endpoint, where there are any', async () => {
  vi.stubEnv('AWS_SESSION_TOKEN', 't==');
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('AWS_ENDPOINT', 'https://minio:9000');
  const before = 's3://b/public.t/part%201.csv?AUTH=specified&AWS_ACCESS_KEY_ID=AKIA%2F1';
  const keys = '&AWS_SECRET_ACCESS_KEY=a%2Bb%2Fc%3D&AWS_SESSION_TOKEN=t%3D%3D';
  const endpoint = '&AWS_ENDPOINT=https%3A%2F%2Fminio%3A9000';
  expect(await urlOf({ bucketPath: 's3://b' })).toBe(`${before}${keys}&AWS_REGION=eu-west-1${endpoint}`);
  expect(await urlOf({ bucketPath: 's3://b', importRegion: 'ap-south-1' })).toBe(
    `${before}${keys}&AWS_REGION=ap-south-1${endpoint}`,
  );
});

test('S3: implicit authentication hands on no credentials', async () => {
  expect(await urlOf({ bucketPath: 's3://b/p', useImplicitAuth: true, importRegion: 'ap-south-1' })).toBe(
    's3://b/p/public.t/part%201.csv?AUTH=implicit&AWS_REGION=ap-south-1',
  );
});

test('S3: a role is assumed here, and the server is told to assume it', async () => {
  const { url } = await sharedServer('s3');
  const bucket = newBucketName();
  await createS3Bucket(url, bucket);
  await using sts = await startHttpFaults({ target: url });
  sts.failNext({
    times: Infinity,
    answer: { status: 200, headers: { 'content-type': 'text/xml' }, body: assumed },
  });
  await using s3 = await startHttpFaults({ target: url });
  vi.stubEnv('AWS_ENDPOINT_URL', '');
  vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url);
  vi.stubEnv('AWS_ENDPOINT_URL_S3', s3.url);
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'NOT-KNOWN-TO-S3');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  const chain = `${role},${role};external_id=x y`;
  const store = await openStore({ bucketPath: `s3://${bucket}`, useImplicitAuth: true, assumeRole: chain });
  expect(await store.put('k', Readable.from([Buffer.from('x')]), new AbortController().signal)).toBe(1);
  expect(sts.requests).toHaveLength(2);
  expect(store.serverUrl('k').reveal()).toBe(
    `s3://${bucket}/k?AUTH=implicit&ASSUME_ROLE=${encodeURIComponent(chain)}&AWS_REGION=us-east-1&AWS_ENDPOINT=${encodeURIComponent(s3.url)}`,
  );
  await store.close();
});

const assumed = `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>S3RVER</AccessKeyId><SecretAccessKey>S3RVER</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2099-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`;

test('Google: the key file, or the role', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-gcs-'));
  const keyFile = join(folder, 'key.json');
  const text = '{"type":"service_account","client_email":"a@b","private_key":"?~ÿ"}';
  await writeFile(keyFile, text);
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', keyFile);
  const encoded = encodeURIComponent(Buffer.from(text).toString('base64'));
  expect(await urlOf({ bucketPath: 'gs://b/p/' })).toBe(
    `gs://b/p/public.t/part%201.csv?AUTH=specified&CREDENTIALS=${encoded}`,
  );
  const assumeRole = 'user-test@cluster.iam.gserviceaccount.com';
  expect(await urlOf({ bucketPath: 'gs://b', useImplicitAuth: true, assumeRole })).toBe(
    'gs://b/public.t/part%201.csv?AUTH=implicit&ASSUME_ROLE=user-test%40cluster.iam.gserviceaccount.com',
  );
  await rm(folder, { recursive: true });
});

test('Google: without a key file there is nothing to hand on', async () => {
  vi.stubEnv('CLOUDSDK_CONFIG', '/nowhere');
  await expect(urlOf({ bucketPath: 'gs://b' })).rejects.toMatchObject({
    code: 'TSM1001',
    advice: expect.stringContaining('--use-implicit-auth'),
  });
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', '/nowhere/key.json');
  await expect(urlOf({ bucketPath: 'gs://b' })).rejects.toMatchObject({
    code: 'TSM1001',
    message: 'GOOGLE_APPLICATION_CREDENTIALS names /nowhere/key.json, which cannot be read',
  });
});

test('Google: a key file that is none is refused without being quoted', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tsmolt-gcs-'));
  const keyFile = join(folder, 'key.json');
  await writeFile(keyFile, 'hidden-key');
  vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', keyFile);
  const refused: unknown = await urlOf({ bucketPath: 'gs://b' }).catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: 'TSM1001', message: expect.stringContaining('is no JSON') });
  expect(inspect(refused)).not.toContain('hidden-key');
  await rm(folder, { recursive: true });
});

test('Azure: the key of the account, a client, or neither', async () => {
  const path = 'azure-blob://c/p/public.t/part%201.csv';
  const bucketPath = 'azure://c/p';
  expect(await urlOf({ bucketPath, useImplicitAuth: true })).toBe(
    `${path}?AUTH=implicit&AZURE_ACCOUNT_NAME=account`,
  );
  vi.stubEnv('AZURE_CLIENT_ID', 'id');
  vi.stubEnv('AZURE_CLIENT_SECRET', 's+');
  vi.stubEnv('AZURE_TENANT_ID', 'tenant');
  expect(await urlOf({ bucketPath })).toBe(
    `${path}?AUTH=specified&AZURE_CLIENT_ID=id&AZURE_CLIENT_SECRET=s%2B&AZURE_TENANT_ID=tenant&AZURE_ACCOUNT_NAME=account`,
  );
  vi.stubEnv('AZURE_ACCOUNT_KEY', 'k/+=');
  vi.stubEnv('AZURE_ENVIRONMENT', 'AZUREUSGOVERNMENTCLOUD');
  expect(await urlOf({ bucketPath })).toBe(
    `${path}?AZURE_ACCOUNT_KEY=k%2F%2B%3D&AZURE_ACCOUNT_NAME=account&AZURE_ENVIRONMENT=AZUREUSGOVERNMENTCLOUD`,
  );
});
