import { TsmoltError } from '@tsmolt/core';

export type BucketScheme = 's3' | 'gs' | 'azure-blob';

/** Where below a bucket a store keeps its objects. */
export interface BucketPath {
  readonly scheme: BucketScheme;
  /** Azure calls it a container. */
  readonly bucket: string;
  /** Stands before every key: empty, or a path that ends in one slash. */
  readonly prefix: string;
  /** `s3://bucket/path`, for people. */
  readonly text: string;
}

const schemes: Readonly<Record<string, BucketScheme>> = {
  s3: 's3',
  gs: 'gs',
  'azure-blob': 'azure-blob',
  azure: 'azure-blob',
};

/**
 * Reads `--bucket-path`. Slashes at the end and doubled ones mean nothing, as in CockroachDB; query parameters are
 * ignored (manual "molt fetch", "Bucket path").
 *
 * @throws TsmoltError `TSM1001`; the message never repeats the query, for it may hold credentials
 */
export function parseBucketPath(text: string): BucketPath {
  const [, name, bucket, path] = /^([^:/?#]*):\/\/([^/?#]*)([^?#]*)/.exec(text.trim()) ?? [];
  if (name === undefined || bucket === undefined) throw invalid('is not a URL');
  const scheme = schemes[name.toLowerCase()];
  if (scheme === undefined) throw invalid(`has the unknown scheme ${name}://`);
  if (bucket.includes('@')) throw invalid('holds a user name or a password');
  if (bucket === '') throw invalid(`names no ${scheme === 'azure-blob' ? 'container' : 'bucket'}`);
  const below = plainPath(path ?? '');
  return {
    scheme,
    bucket,
    prefix: below === '' ? '' : `${below}/`,
    text: `${scheme}://${bucket}${below === '' ? '' : `/${below}`}`,
  };
}

function plainPath(path: string): string {
  const segments = decoded(path)
    .split('/')
    .filter((segment) => segment !== '');
  if (segments.includes('..') || segments.includes('.')) throw invalid('holds . or .. as a part of its path');
  return segments.join('/');
}

/** CockroachDB decodes the path of a URL; what is written here has to mean the same there. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalid('holds a % that encodes nothing');
  }
}

function invalid(reason: string): TsmoltError {
  return new TsmoltError('TSM1001', {
    message: `--bucket-path ${reason}`,
    advice:
      'Write it as s3://bucket/path, gs://bucket/path or azure-blob://container/path; credentials come from the environment.',
  });
}
