import { describe, expect, test } from 'vitest';
import { parseBucketPath } from './bucket-path.js';

describe('parseBucketPath', () => {
  test.each([
    ['s3://bucket', { scheme: 's3', bucket: 'bucket', prefix: '', text: 's3://bucket' }],
    ['s3://bucket/', { scheme: 's3', bucket: 'bucket', prefix: '', text: 's3://bucket' }],
    ['s3://bucket/path', { scheme: 's3', bucket: 'bucket', prefix: 'path/', text: 's3://bucket/path' }],
    ['s3://bucket/path/', { scheme: 's3', bucket: 'bucket', prefix: 'path/', text: 's3://bucket/path' }],
    ['s3://bucket//a//b//', { scheme: 's3', bucket: 'bucket', prefix: 'a/b/', text: 's3://bucket/a/b' }],
    ['S3://Bucket/Path', { scheme: 's3', bucket: 'Bucket', prefix: 'Path/', text: 's3://Bucket/Path' }],
    [
      'gs://b_1.example.com/a%20b',
      { scheme: 'gs', bucket: 'b_1.example.com', prefix: 'a b/', text: 'gs://b_1.example.com/a b' },
    ],
    ['azure-blob://c/p', { scheme: 'azure-blob', bucket: 'c', prefix: 'p/', text: 'azure-blob://c/p' }],
    ['azure://c/p', { scheme: 'azure-blob', bucket: 'c', prefix: 'p/', text: 'azure-blob://c/p' }],
  ])('%s', (text, path) => {
    expect(parseBucketPath(text)).toEqual(path);
  });

  test('ignores query parameters and never repeats them', () => {
    const path = parseBucketPath('s3://bucket/p?AWS_SECRET_ACCESS_KEY=hidden&AUTH=specified');
    expect(path).toMatchObject({ bucket: 'bucket', prefix: 'p/' });
    expect(JSON.stringify(path)).not.toContain('hidden');
  });

  test.each([
    ['bucket/path', 'is not a URL'],
    ['', 'is not a URL'],
    ['ftp://bucket/path?hidden', 'has the unknown scheme ftp://'],
    ['s3://', 'names no bucket'],
    ['s3:///path?hidden', 'names no bucket'],
    ['azure-blob:///path', 'names no container'],
    ['s3://key:hidden@bucket/path', 'holds a user name or a password'],
    ['s3://bucket/a/../b', 'holds . or .. as a part of its path'],
    ['s3://bucket/%2e%2e/b', 'holds . or .. as a part of its path'],
    ['s3://bucket/100%', 'holds a % that encodes nothing'],
  ])('refuses %s', (text, reason) => {
    expect(() => parseBucketPath(text)).toThrow(
      expect.objectContaining({ code: 'TSM1001', message: `--bucket-path ${reason}` }) as Error,
    );
  });
});
