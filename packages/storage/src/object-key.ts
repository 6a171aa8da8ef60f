import { TsmoltError } from '@tsmolt/core';

/**
 * Refuses a key that would leave the place it is stored in, or that services and file systems would read differently.
 *
 * @throws TsmoltError `TSM4006`
 */
export function checkedKey(key: string, place: string): string {
  const segments = key.split('/');
  if (!segments.some((segment) => segment === '' || segment === '.' || segment === '..')) return key;
  throw new TsmoltError('TSM4006', {
    message: `${key === '' ? 'an empty key' : key} lies outside ${place}`,
    advice: 'Rename the table: its name cannot be part of a path.',
  });
}

/** By UTF-8 bytes, as object stores sort; JavaScript's own order is that of UTF-16. */
export function inByteOrder(keys: readonly string[]): string[] {
  return keys.toSorted((left, right) => Buffer.compare(Buffer.from(left), Buffer.from(right)));
}
