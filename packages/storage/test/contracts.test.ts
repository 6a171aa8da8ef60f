import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalDirectory, LocalFileServer } from '@tsmolt/storage';
import { sharedServer, startGcsStandIn } from '@tsmolt/testkit';
import { objectStoreContract } from '@tsmolt/testkit/contracts';
import { vi } from 'vitest';
import {
  createAzureContainer,
  createS3Bucket,
  newBucketName,
  openStubbed,
  stubAzureEnvironment,
  stubS3Environment,
} from './open-test-stores.js';

objectStoreContract(
  'a local directory',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'tsmolt-store-'));
    return { store: new LocalDirectory(folder), close: () => rm(folder, { recursive: true, force: true }) };
  },
  { serverUrl: undefined },
);

objectStoreContract(
  'a local directory that is served',
  async () => {
    const directory = await mkdtemp(join(tmpdir(), 'tsmolt-store-'));
    const store = await LocalFileServer.listen({ directory, listenAddr: '127.0.0.1:0' });
    const close = async (): Promise<void> => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    };
    return { store, close };
  },
  { serverUrl: /^http:\/\/127\.0\.0\.1:\d+\/[\w-]{22}\/public\.t\/it's%20100%25\.csv$/ },
);

objectStoreContract(
  'Amazon S3',
  async () => {
    const { url } = await sharedServer('s3');
    const bucket = newBucketName();
    await createS3Bucket(url, bucket);
    stubS3Environment(url);
    return openStubbed({ bucketPath: `s3://${bucket}/some/path/` });
  },
  {
    serverUrl:
      /^s3:\/\/tsmolt-\w+\/some\/path\/public\.t\/it's%20100%25\.csv\?AUTH=specified&AWS_ACCESS_KEY_ID=[^&]+&AWS_SECRET_ACCESS_KEY=[^&]+(&AWS_SESSION_TOKEN=[^&]+)?&AWS_REGION=[\w-]+&AWS_ENDPOINT=http%3A%2F%2F[^&]+$/,
  },
);

objectStoreContract(
  'Google Cloud Storage',
  async () => {
    const standIn = await startGcsStandIn({ buckets: ['bucket'] });
    vi.stubEnv('STORAGE_EMULATOR_HOST', standIn.url);
    vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', join(import.meta.dirname, 'application-credentials.json'));
    const { store, close } = await openStubbed({ bucketPath: 'gs://bucket/some/path/' });
    return { store, close: () => close().then(() => standIn.close()) };
  },
  {
    serverUrl:
      /^gs:\/\/bucket\/some\/path\/public\.t\/it's%20100%25\.csv\?AUTH=specified&CREDENTIALS=[\w%]+$/,
  },
);

objectStoreContract(
  'Azure Blob Storage',
  async () => {
    const { url } = await sharedServer('azurite');
    const container = newBucketName();
    await createAzureContainer(url, container);
    stubAzureEnvironment(url);
    return openStubbed({ bucketPath: `azure://${container}/some/path/` });
  },
  {
    serverUrl:
      /^azure-blob:\/\/tsmolt-\w+\/some\/path\/public\.t\/it's%20100%25\.csv\?AZURE_ACCOUNT_KEY=[^&=]+&AZURE_ACCOUNT_NAME=tsmolt$/,
  },
);
