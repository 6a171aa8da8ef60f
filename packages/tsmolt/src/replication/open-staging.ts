import { ConnectionUrl, TsmoltError } from '@tsmolt/core';
import type { Database, OpenOptions, StagingStore } from '@tsmolt/core';
import { openDatabase } from '../databases.js';
import type { StagingRequest } from './replicate-request.js';

/** In the database of the connection. */
const defaultSchema = '_replicator';

/** A staging store, and what to close after it. */
export interface OpenedStaging {
  readonly store: StagingStore;
  close(): Promise<void>;
}

/** @throws TsmoltError `TSM7004` when the schema is not there */
export async function openStaging(
  { stagingConn, stagingSchema, stagingCreateSchema }: StagingRequest,
  target: Database,
  options: OpenOptions,
): Promise<OpenedStaging> {
  const own =
    stagingConn === undefined
      ? undefined
      : await openDatabase(ConnectionUrl.parse(stagingConn, '--stagingConn'), options);
  try {
    const database = own ?? target;
    if (database.openStaging === undefined || target.applyTarget === undefined) throw noStaging(database);
    const store = await database.openStaging({
      schema: stagingSchema ?? defaultSchema,
      create: stagingCreateSchema ?? false,
      target: target.applyTarget,
    });
    return {
      store,
      close: async () => {
        await store.close();
        await own?.close();
      },
    };
  } catch (thrown) {
    await own?.close();
    throw thrown;
  }
}

function noStaging({ url, product }: Database): TsmoltError {
  return new TsmoltError('TSM2008', {
    message: `${url.host} runs ${product}, which cannot be the target of a replication, or hold its staging schema`,
    advice: 'Use CockroachDB or PostgreSQL for --targetConn and --stagingConn.',
  });
}
