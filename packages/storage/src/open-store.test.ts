import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openStore } from './open-store.js';
import type { StoreOptions } from './open-store.js';

beforeEach(() => {
  for (const name of ['AZURE_ACCOUNT_NAME', 'AZURE_ACCOUNT_KEY', 'AZURE_CLIENT_ID']) vi.stubEnv(name, '');
});

afterEach(() => {
  vi.unstubAllEnvs();
});

test.each<[string, StoreOptions]>([
  ['nothing says where', {}],
  ['exclude each other', { bucketPath: 's3://b', localPath: '/tmp/x' }],
  ['unknown scheme', { bucketPath: 'ftp://b' }],
  ['names no bucket', { bucketPath: 'gs:///x' }],
  ['without --use-implicit-auth', { bucketPath: 's3://b', assumeRole: 'arn:aws:iam::1:role/r' }],
  ['--assume-role is empty', { bucketPath: 's3://b', assumeRole: '', useImplicitAuth: true }],
  ['not for Azure', { bucketPath: 'azure://c', assumeRole: 'r', useImplicitAuth: true }],
  ['Amazon S3 alone', { bucketPath: 'gs://b', importRegion: 'eu-west-1' }],
  ['no use with --bucket-path', { bucketPath: 's3://b', listenAddr: ':3000' }],
  ['no use with --local-path', { localPath: '/tmp/x', useImplicitAuth: true }],
  ['no use with --local-path', { localPath: '/tmp/x', importRegion: 'eu-west-1' }],
  ['--local-path is empty', { localPath: '' }],
  ['without --local-path-listen-addr', { localPath: '/tmp/x', accessAddr: 'a:1' }],
  ['--local-path-listen-addr is not an address: 3000', { localPath: '/tmp/x', listenAddr: '3000' }],
  [
    '--local-path-crdb-access-addr is not an address: x',
    { localPath: '/tmp/x', listenAddr: 'localhost:0', accessAddr: 'x' },
  ],
  [
    '--local-path-crdb-access-addr names no host: :1',
    { localPath: '/tmp/x', listenAddr: 'localhost:0', accessAddr: ':1' },
  ],
  ['nothing names its account', { bucketPath: 'azure://c' }],
])('refuses what is not sound: %s', async (reason, options) => {
  await expect(openStore(options)).rejects.toMatchObject({
    code: 'TSM1001',
    message: expect.stringContaining(reason),
  });
});

test('Azure needs credentials besides an account, and a cloud that exists', async () => {
  vi.stubEnv('AZURE_ACCOUNT_NAME', 'a');
  await expect(openStore({ bucketPath: 'azure://c' })).rejects.toMatchObject({
    code: 'TSM1001',
    message: 'there are no credentials for Azure',
  });
  vi.stubEnv('AZURE_ACCOUNT_KEY', 'a2V5');
  vi.stubEnv('AZURE_ENVIRONMENT', 'MOON');
  await expect(openStore({ bucketPath: 'azure://c' })).rejects.toMatchObject({
    code: 'TSM1001',
    message: 'AZURE_ENVIRONMENT names no cloud of Azure: MOON',
  });
});

test('a directory alone is a store that no server can read', async () => {
  const store = await openStore({ localPath: '/tmp/x' });
  expect(store.description).toBe('local directory /tmp/x');
  expect(() => store.serverUrl('k')).toThrow(/no server can read/);
});
