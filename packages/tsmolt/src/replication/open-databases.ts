import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionUrl, TsmoltError } from '@tsmolt/core';
import type { Database, OpenOptions } from '@tsmolt/core';
import { openDatabase } from '../databases.js';

/**
 * Opens the database that a flag of the replicator names.
 *
 * @throws TsmoltError that says which flag it is about
 */
export async function openConn(url: string, flag: string, options: OpenOptions): Promise<Database> {
  try {
    return await openDatabase(ConnectionUrl.parse(url, flag), options);
  } catch (thrown) {
    throw thrown instanceof TsmoltError ? thrown.at(flag) : thrown;
  }
}

/** How long a statement that cannot be ended may keep its connection from being closed. */
const closingMs = 2000;

async function closed(opened: readonly { close(): Promise<void> }[]): Promise<void> {
  for (const one of opened) await one.close();
}

/** What was opened, closed in the reverse order whatever happens in between. */
export async function withOpened<Result>(
  work: (keep: <One extends { close(): Promise<void> }>(one: One) => One) => Promise<Result>,
): Promise<Result> {
  const opened: { close(): Promise<void> }[] = [];
  try {
    return await work((one) => {
      opened.push(one);
      return one;
    });
  } finally {
    await Promise.race([closed(opened.toReversed()), delay(closingMs, undefined, { ref: false })]);
  }
}
