import { ConnectionUrl, silentLogger, TsmoltError } from '@tsmolt/core';
import type { ContinuationToken } from '@tsmolt/core';
import { openDatabase } from './databases.js';

export interface TokensRequest {
  /** Connection string of the target database. */
  readonly target: string;
  /** Results at most. */
  readonly limit: number;
  readonly allowTlsModeDisable?: boolean;
}

/**
 * The tables of unfinished fetches, latest fetch first.
 *
 * @throws TsmoltError `TSM2008` for a database that cannot be a target
 */
export async function listTokens(request: TokensRequest): Promise<ContinuationToken[]> {
  const url = ConnectionUrl.parse(request.target, '--conn-string');
  const target = await openDatabase(url, {
    allowUnencrypted: request.allowTlsModeDisable ?? false,
    applicationName: 'tsmolt fetch tokens',
    maxConnections: 1,
    logger: silentLogger(),
  });
  try {
    if (target.fetchStatus !== undefined) return await target.fetchStatus.tokens(request.limit);
    throw new TsmoltError('TSM2008', {
      message: `${target.product} at ${url.host} cannot be the target of fetch`,
      advice: 'Give the connection string of the target.',
    });
  } finally {
    await target.close();
  }
}
