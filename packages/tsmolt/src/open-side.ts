import { ConnectionUrl, TsmoltError } from '@tsmolt/core';
import type { Database, OpenOptions } from '@tsmolt/core';
import { openDatabase } from './databases.js';

/**
 * Opens one of the two databases of a command.
 *
 * @throws TsmoltError that says which of the two it is about: the first thing that its reader wants to know
 */
export async function openSide(
  url: string,
  side: 'source' | 'target',
  options: OpenOptions,
): Promise<Database> {
  try {
    return await openDatabase(ConnectionUrl.parse(url, `--${side}`), options);
  } catch (thrown) {
    throw thrown instanceof TsmoltError ? thrown.at(side) : thrown;
  }
}
