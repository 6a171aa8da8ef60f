import { Readable } from 'node:stream';
import { ConnectionUrl, silentLogger } from '@tsmolt/core';
import type { OpenOptions } from '@tsmolt/core';
import { copyIn, identify, SessionPool } from '@tsmolt/pgwire';
import { createDatabase, sharedServer } from '@tsmolt/testkit';
import type { TestDatabase } from '@tsmolt/testkit';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';

export const options: OpenOptions = {
  allowUnencrypted: true,
  applicationName: 'pgwire test',
  maxConnections: 3,
  logger: silentLogger(),
};

export const never = new AbortController().signal;

export interface PoolFixture {
  readonly url: () => string;
  /** To the database of the test file; a new one for each test. */
  readonly pool: () => SessionPool;
  /** A pool to somewhere else, closed after the test. */
  readonly poolOf: (url: string) => Promise<SessionPool>;
  /** Statements of one session through the pool, as the adapters send them. */
  readonly run: (...statements: string[]) => Promise<void>;
}

/** Registers the hooks that make a database for the test file and close its pools after each test. */
export function usePools(): PoolFixture {
  const opened: SessionPool[] = [];
  let database: TestDatabase | undefined;
  let pool: SessionPool | undefined;
  const url = (): string => database?.url ?? '';
  const current = (): SessionPool => {
    if (pool === undefined) throw new Error('the pool is not open yet');
    return pool;
  };
  const poolOf = async (text: string): Promise<SessionPool> => {
    const target = ConnectionUrl.parse(text, '--source');
    const { config } = await identify(target, options);
    const made = new SessionPool({
      url: target,
      config,
      maxConnections: 3,
      prepare: () => Promise.resolve(),
    });
    opened.push(made);
    return made;
  };
  beforeAll(async () => {
    database = await createDatabase(await sharedServer('postgres18'));
  });
  beforeEach(async () => {
    pool = await poolOf(url());
  });
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
  afterAll(() => database?.drop());
  const run = (...statements: string[]): Promise<void> =>
    current().use('trying', async (client) => {
      for (const statement of statements) await client.query(statement);
    });
  return { url, pool: current, poolOf, run };
}

/** Runs a COPY FROM STDIN through a pool. */
export function load(
  into: SessionPool,
  sql: string,
  data: Iterable<string> | AsyncIterable<string>,
): Promise<number> {
  const url = ConnectionUrl.parse('postgres://nobody@127.0.0.1/x', '--target');
  return copyIn({ pool: into, url, sql, subject: 'loading', signal: never }, Readable.from(data));
}
