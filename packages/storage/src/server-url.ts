import { Secret } from '@tsmolt/core';
import type { BucketPath } from './bucket-path.js';

/**
 * The form in which CockroachDB takes the URL of an object (manual "Use Cloud Storage", "URL format").
 *
 * @param parameters those that are undefined or empty are left out
 */
export function cloudStorageUrl(
  { scheme, bucket, prefix }: BucketPath,
  key: string,
  parameters: Readonly<Record<string, string | undefined>>,
): Secret {
  const path = `${prefix}${key}`.split('/').map(encodeURIComponent).join('/');
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`);
  return new Secret(`${scheme}://${bucket}/${path}${query.length === 0 ? '' : `?${query.join('&')}`}`);
}
