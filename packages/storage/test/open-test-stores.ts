import { randomBytes } from 'node:crypto';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob';
import { openStore } from '@tsmolt/storage';
import type { StoreOptions } from '@tsmolt/storage';
import type { ObjectStore } from '@tsmolt/core';
import { azuriteAccount, s3Credentials } from '@tsmolt/testkit';
import { vi } from 'vitest';

export function newBucketName(): string {
  return `tsmolt-${randomBytes(6).toString('hex')}`;
}

/** The environment in which somebody works with the S3 at the endpoint; an external server's is that of the test run. */
export function stubS3Environment(endpoint: string): void {
  vi.stubEnv('AWS_ENDPOINT_URL', endpoint);
  if (process.env['TSMOLT_TEST_S3_ENDPOINT'] !== undefined) return;
  vi.stubEnv('AWS_ACCESS_KEY_ID', s3Credentials.accessKeyId);
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', s3Credentials.secretAccessKey);
  vi.stubEnv('AWS_REGION', s3Credentials.region);
}

export async function createS3Bucket(endpoint: string, bucket: string): Promise<void> {
  stubS3Environment(endpoint);
  const client = new S3Client({ forcePathStyle: true });
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}

export function stubAzureEnvironment(endpoint: string): void {
  vi.stubEnv('AZURE_ENDPOINT', endpoint);
  vi.stubEnv('AZURE_ACCOUNT_NAME', azuriteAccount.name);
  vi.stubEnv('AZURE_ACCOUNT_KEY', azuriteAccount.key);
}

export async function createAzureContainer(endpoint: string, container: string): Promise<void> {
  const credential = new StorageSharedKeyCredential(azuriteAccount.name, azuriteAccount.key);
  await new BlobServiceClient(endpoint, credential).createContainer(container);
}

/** @returns a store that undoes, when it is closed for good, what was stubbed for it */
export async function openStubbed(
  options: StoreOptions,
): Promise<{ store: ObjectStore; close: () => Promise<void> }> {
  const store = await openStore(options);
  return {
    store,
    close: async () => {
      await store.close();
      vi.unstubAllEnvs();
    },
  };
}
